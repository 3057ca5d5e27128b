// The kinds of records: where they are, what their lists show, and what can be done with each.

import { badge, button, confirmed, count, dialog, h, money, tell, time } from "./dom.js";
import { table } from "./lists.js";
import { formDialog, recordPath, showSecret } from "./records.js";
import { meter, span } from "./usage.js";

/** Where the page of a record is. */
export const place = (kind, id) => `#/${kind}/${encodeURIComponent(id)}`;

const state = (record) => badge(record.status);

/** A link to the record that a name is of. */
export function link(kind, id) {
  return id ? h("a", { href: place(kind, id) }, id) : "–";
}

const keys = {
  title: "Keys",
  one: "key",
  path: "v1/keys",
  schema: "Key",
  hasUsage: true,
  removal: "The key never works again. Its audit log stays.",
  filters: ["q", "status", "group", "model", "organization_id", "team_id", "user_id", "sort"],
  columns: [
    ["Name", (key) => key.name],
    ["Secret", (key) => h("code", {}, key.masked_key ?? "–")],
    ["Status", state],
    ["Organization", (key) => link("organizations", key.organization_id)],
    ["Team", (key) => link("teams", key.team_id)],
    ["Last used", (key) => time(key.last_used_at)],
    ["Expires", (key) => time(key.expires_at)],
  ],
  actions(console, key, reload) {
    const post = (verb, told) => async () => {
      await console.api.send("POST", `${recordPath(keys, key.id)}/${verb}`);
      tell(told);
      await reload();
    };
    const isLive = key.status === "enabled" || key.status === "disabled";
    return [
      button("Simulate", () => simulate(console, key)),
      isLive && button("Rotate", () => rotate(console, key).then(reload)),
      key.status === "enabled" && button("Disable", post("disable", "The key is disabled.")),
      key.status === "disabled" && button("Enable", post("enable", "The key is enabled.")),
      isLive && button("Revoke", async () => {
        if (await confirmed(`Revoke ${key.name}?`, keys.removal, "Revoke")) {
          await post("revoke", "The key is revoked.")();
        }
      }, { className: "danger" }),
      h("a", { className: "button", href: `#/audit-logs?key_id=${key.id}` }, "Audit log"),
    ];
  },
};

async function rotate(console, key) {
  const schema = {
    type: "object",
    properties: {
      grace: {
        type: "string",
        description: "How long the last secret goes on working: 30s, 15m, 24h, 7d. A day if not said.",
      },
    },
  };
  const rotated = await formDialog(console, `Rotate ${key.name}`, schema, {}, (changes) =>
    console.api.send("POST", `${recordPath(keys, key.id)}/rotate`, changes),
  );
  if (rotated) await showSecret(keys, rotated);
}

async function simulate(console, key) {
  const decision = await formDialog(
    console,
    `What would ${key.name} be told?`,
    "SimulatedRequest",
    {},
    (request) => console.api.send("POST", `${recordPath(keys, key.id)}/simulate`, request),
  );
  if (!decision) return;
  const verdict = decision.allowed ? "allowed" : `denied: ${decision.message}`;
  const rows = table(
    [
      ["Limit", (limit) => `${limit.name} of the ${limit.level}`],
      ["Left", (limit) => count(limit.remaining)],
      ["Used", meter],
    ],
    decision.limits,
  );
  await dialog(`The request would be ${verdict}`, (close) => [
    decision.retry_after_ms > 0 && h("p", {}, `It may pass in ${span(decision.retry_after_ms)}.`),
    decision.monitored_reason && h("p", {}, `Were it enforced: ${decision.monitored_reason}.`),
    h("p", {}, `Held: ${count(decision.reserved_tokens)} tokens, ${money(decision.reserved_cost_usd)}.`),
    decision.limits.length > 0 && rows.element,
    h("pre", {}, decision.explanation.join("\n")),
    h("menu", {}, button("Done", () => close())),
  ]);
}

/** Organizations, teams and users have the same fields. */
function group(title, one, schema, more = {}) {
  return {
    title,
    one,
    path: `v1/${title.toLowerCase()}`,
    schema,
    hasUsage: true,
    removal: "Keys that belong to it stop working.",
    filters: ["q", "status", "sort"],
    columns: [
      ["ID", (record) => record.id],
      ["Name", (record) => record.name],
      ["Status", state],
      ...(more.columns ?? []),
      ["Created", (record) => time(record.created_at)],
    ],
    actions: more.actions,
  };
}

const organizations = group("Organizations", "organization", "Organization", {
  columns: [["Credits", (record) => money(record.credits)]],
  actions: (console, record, reload) => [
    button("Add credits", async () => {
      const paid = await formDialog(
        console,
        `Add to what ${record.id} has paid in advance`,
        console.schemas.body("post", "/v1/organizations/{id}/credits"),
        {},
        (payment) =>
          console.api.send("POST", `${recordPath(organizations, record.id)}/credits`, payment),
      );
      if (paid) await reload();
    }),
  ],
});

const teams = group("Teams", "team", "Team", {
  columns: [["Organization", (record) => link("organizations", record.organization_id)]],
});

const users = group("Users", "user", "User", {
  columns: [
    ["Organization", (record) => link("organizations", record.organization_id)],
    ["Team", (record) => link("teams", record.team_id)],
  ],
});

const webhooks = {
  title: "Webhooks",
  one: "webhook",
  path: "v1/webhooks",
  schema: "Webhook",
  removal: "What waits to be sent to it is dropped.",
  filters: [],
  columns: [
    ["URL", (webhook) => webhook.url],
    ["Enabled", (webhook) => badge(webhook.enabled ? "enabled" : "disabled")],
    ["Events", (webhook) => (webhook.events.length > 0 ? webhook.events.join(", ") : "all")],
    ["Created", (webhook) => time(webhook.created_at)],
  ],
  actions: (console, webhook, reload) => [
    button("Send a test", async () => {
      const attempt = await console.api.send("POST", `${recordPath(webhooks, webhook.id)}/test`);
      tell(`The test was ${attempt.outcome}. ${attempt.error ?? ""}`, attempt.error ? "bad" : "good");
      await reload();
    }),
  ],
  async sections(console, webhook) {
    const path = `${recordPath(webhooks, webhook.id)}/deliveries`;
    const { deliveries } = await console.api.get(path, { limit: 50 });
    const rows = table(
      [
        ["Time", (attempt) => time(attempt.time)],
        ["Event", (attempt) => attempt.type],
        ["Attempt", (attempt) => count(attempt.attempt)],
        ["Outcome", (attempt) => badge(attempt.outcome)],
        ["Answer", (attempt) => attempt.error ?? String(attempt.status ?? "–")],
        ["Next", (attempt) => time(attempt.next_attempt_at)],
      ],
      deliveries,
      { caption: "The last deliveries" },
    );
    return [rows.element];
  },
};

/** Suppliers are made and changed by name. */
const suppliers = {
  title: "Suppliers",
  one: "supplier",
  path: "v1/suppliers",
  schema: "Supplier",
  id: "name",
  removal: "Its credential is forgotten.",
  filters: ["provider", "region", "sort"],
  columns: [
    ["Name", (supplier) => supplier.name],
    ["Provider", (supplier) => supplier.provider],
    ["Region", (supplier) => supplier.region || "–"],
    ["Address", (supplier) => supplier.base_url],
    ["Credential", (supplier) => supplier.credential_type ?? "none"],
    ["Enabled", (supplier) => badge(supplier.enabled ? "enabled" : "disabled")],
  ],
  make: (console, supplier) => console.api.send("PUT", "v1/suppliers", { suppliers: [supplier] }),
};

/** Models and prices, which are replaced as a whole. */
const models = {
  title: "Models",
  one: "model",
  path: "v1/models",
  schema: "Model",
  removal: "A model of this name that is built in counts again.",
  filters: ["q", "provider", "sort"],
  columns: [
    ["Model", (model) => model.id],
    ["Provider", (model) => model.provider],
    ["Input, $ per million", (model) => count(model.input_price)],
    ["Cached", (model) => count(model.cached_input_price)],
    ["Output", (model) => count(model.output_price)],
    ["Longest output", (model) => count(model.max_output_tokens)],
  ],
  newSchema: "Model",
  changeSchema: "Model",
  make: (console, model) => console.api.send("PUT", "v1/models", { models: [model] }),
  change(console, before, changes) {
    const members = Object.entries({ ...before, ...changes });
    return this.make(console, Object.fromEntries(members.filter(([, value]) => value !== null)));
  },
};

/** All of them, by the name that stands in the address. */
export const kinds = { keys, organizations, teams, users, models, suppliers, webhooks };
