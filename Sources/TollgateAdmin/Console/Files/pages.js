// The pages of the console: each makes what is shown from the address.

import { badge, button, count, h, tell, time } from "./dom.js";
import { kinds, link, place } from "./kinds.js";
import { listPage, table } from "./lists.js";
import { create, edit, facts, recordPath, remove } from "./records.js";
import { startOfDay, totals, usageSections } from "./usage.js";

/** The first page: whether all is well, what was used today, what needs attention. */
export async function overviewPage(console) {
  const [readiness, usage, alerts] = await Promise.all([
    console.api.get("readyz").catch((error) => ({ status: error.message })),
    console.api.get("v1/usage", { since: startOfDay(0), group_by: "model" }),
    console.api.get("v1/alerts", { limit: 10 }).catch((error) => {
      // Keys that see their own usage alone see no alerts.
      if (error.status === 403) return { alerts: [] };
      throw error;
    }),
  ]);
  const models = table(
    [
      ["Model", (row) => row.model],
      ["Requests", (row) => count(row.requests)],
      ["Tokens", (row) => count(row.tokens)],
    ],
    usage.groups,
    { caption: "Models today" },
  );
  return [
    h("header", {}, h("h1", {}, "Overview"), badge(readiness.status)),
    h("h2", {}, "Today, in UTC"),
    totals(usage.total),
    models.element,
    alerts.alerts.length > 0 &&
      table(alertColumns, alerts.alerts, { caption: "The last alerts" }).element,
  ];
}

/** A list of records of a kind. */
export function recordsPage(console, name, parameters) {
  const kind = kinds[name];
  return listPage(console, {
    ...kind,
    place: name,
    member: name,
    href: (record) => place(name, record[kind.id ?? "id"]),
    actions: () => [
      button(`New ${kind.one}`, async () => {
        if (await create(console, kind)) await console.reload();
      }),
    ],
  }, parameters);
}

/** One record: what it says, what it has used, and what can be done with it. */
export async function recordPage(console, name, id) {
  const kind = kinds[name];
  const path = recordPath(kind, id);
  const [{ record }, usage] = await Promise.all([
    console.api.record(path),
    kind.hasUsage && console.api.get(`${path}/usage`),
  ]);
  const reload = () => console.reload();
  const sections = (await kind.sections?.(console, record)) ?? [];
  const { usage: _, remaining: __, ...said } = record;
  return [
    h(
      "header",
      {},
      h("h1", {}, record.name || record.url || id),
      record.status && badge(record.status),
      h(
        "menu",
        {},
        button("Edit", async () => {
          if (await edit(console, kind, id)) await reload();
        }),
        kind.actions?.(console, record, reload),
        button("Delete", async () => {
          if (await remove(console, kind, id)) console.go(name);
        }, { className: "danger" }),
      ),
    ),
    usage && usageSections(usage),
    sections,
    h("h2", {}, "Record"),
    facts(said),
  ];
}

const alertColumns = [
  ["Time", (alert) => time(alert.created_at)],
  ["Alert", (alert) => alert.type],
  ["Key", (alert) => link("keys", alert.key_id)],
  ["What", (alert) => summary(alert.data)],
];

/** What an alert says: the limit or the reason in short, and all of it behind. */
function summary(data) {
  const what = [
    data.threshold && `${data.threshold} % of`,
    data.limit && `${data.limit.name} of the ${data.limit.level}`,
    data.rule_number && `content rule ${data.rule_number} ${data.rule ?? ""}`,
    data.finding === "unusual_use" && "unusual use",
    data.reason ?? data.reasons?.join(", "),
  ];
  return h("details", {}, h("summary", {}, what.filter((part) => part).join(" ")), facts(data));
}

/** The page `alerts`. */
export function alertsPage(console, parameters) {
  return listPage(console, {
    title: "Alerts",
    path: "v1/alerts",
    place: "alerts",
    member: "alerts",
    filters: ["type", "key_id", "since"],
    columns: alertColumns,
  }, parameters);
}

const auditColumns = [
  ["Time", (entry) => time(entry.timestamp)],
  ["What", (entry) => (entry.type === "management" ? entry.action : entry.model || entry.action || "–")],
  ["Key", (entry) => (entry.key_id ? h("a", { href: place("keys", entry.key_id) },
    entry.api_key_name || entry.key_id) : "–")],
  ["Outcome", (entry) => badge(entry.reason ?? entry.status)],
  ["Tokens", (entry) => count(entry.tokens?.total)],
  ["Cost", (entry) => (entry.cost_usd === null || entry.cost_usd === undefined
    ? "–" : `$${entry.cost_usd}`)],
  ["From", (entry) => entry.ip_address ?? "–"],
  ["", (entry) => h("details", {}, h("summary", {}, "Details"), facts(entry))],
];

/** The page `audit-logs`, with what it shows as a file. */
export function auditPage(console, parameters) {
  const exported = (format) =>
    button(`Export ${format}`, async () => {
      const file = await console.api.file("v1/audit-logs", { ...parameters, format, limit: "all" });
      const address = URL.createObjectURL(file);
      h("a", { href: address, download: `audit-logs.${format}` }).click();
      URL.revokeObjectURL(address);
      tell(`${count(file.size)} bytes were exported.`);
    });
  return listPage(console, {
    title: "Audit log",
    path: "v1/audit-logs",
    place: "audit-logs",
    member: "logs",
    filters: ["type", "status", "reason", "key_id", "model", "since", "until"],
    columns: auditColumns,
    actions: () => [exported("csv"), exported("jsonl")],
  }, parameters);
}
