// Records of the API, of whatever kind: made, shown, changed and removed.

import { badge, button, confirmed, dialog, during, fill, h, money, reveal, tell, time } from "./dom.js";
import { Form, words } from "./form.js";

/** Opens a form for a new record; whether one was made. */
export async function create(console, kind) {
  const schema = kind.newSchema ?? `New${kind.schema}`;
  const made = await formDialog(console, `New ${kind.one}`, schema, {}, (fields) =>
    kind.make ? kind.make(console, fields) : console.api.send("POST", kind.path, fields),
  );
  if (!made) return false;
  tell(`The ${kind.one} was created.`);
  await showSecret(kind, made);
  return true;
}

/** Shows the secret of what was just made, where it has one. */
export async function showSecret(kind, made) {
  const secret = made.api_key ?? made.secret;
  if (secret) await reveal(`Secret of the ${kind.one}`, secret);
}

/**
 * Opens a form for a change, which counts only if nobody else has changed the record meanwhile;
 * whether it was changed.
 */
export async function edit(console, kind, id) {
  const path = recordPath(kind, id);
  const { record, tag } = await console.api.record(path);
  const schema = kind.changeSchema ?? `${kind.schema}Changes`;
  const changed = await formDialog(console, `Edit ${id}`, schema, record, (changes) =>
    kind.change
      ? kind.change(console, record, changes)
      : console.api.send("PATCH", path, changes, tag),
  );
  if (changed) tell(`${id} was changed.`);
  return changed !== undefined;
}

/** Removes a record, after asking; whether it was removed. */
export async function remove(console, kind, id) {
  const isSure = await confirmed(`Delete ${id}?`, kind.removal, "Delete");
  if (!isSure) return false;
  await console.api.send("DELETE", recordPath(kind, id));
  tell(`${id} was deleted.`);
  return true;
}

/** Where a record is. */
export function recordPath(kind, id) {
  return `${kind.path}/${encodeURIComponent(id)}`;
}

/** Opens a form of a schema; `send` is called with what it says until the server takes it. */
export function formDialog(console, title, schema, record, send) {
  const form = new Form(
    console.schemas,
    typeof schema === "string" ? console.schemas.named(schema) : schema,
    record,
  );
  return dialog(title, (close) => {
    const refusal = h("p", { className: "complaint", role: "alert" });
    const save = h("button", { type: "submit" }, "Save");
    const element = h(
      "form",
      {},
      form.element,
      refusal,
      h("menu", {}, button("Cancel", () => close()), save),
    );
    element.addEventListener("submit", (event) => {
      event.preventDefault();
      during(save, async () => {
        fill(refusal);
        try {
          close(await send(form.changes()));
        } catch (error) {
          const isShown = error.field && form.blame(error.field, error.reason);
          if (!isShown) fill(refusal, error.message);
        }
      });
    });
    return element;
  });
}

/** What a record says, without what it leaves out; blocks follow behind. */
export function facts(record, names = Object.keys(record)) {
  const said = names.filter((name) => !isEmpty(record[name]));
  return h(
    "dl",
    {},
    said.map((name) => [h("dt", {}, words(name)), h("dd", {}, shown(name, record[name]))]),
  );
}

function isEmpty(value) {
  if (value === null || value === undefined || value === "") return true;
  return typeof value === "object" && Object.values(value).every(isEmpty);
}

function shown(name, value) {
  if (name === "status") return badge(value);
  if (name.endsWith("_at") || name.endsWith("_until")) return time(value);
  if (name === "credits") return money(value);
  if (Array.isArray(value) && value.every((item) => typeof item !== "object")) return value.join(", ");
  if (typeof value === "object") return h("pre", {}, JSON.stringify(value, null, 2));
  return typeof value === "boolean" ? (value ? "yes" : "no") : String(value);
}
