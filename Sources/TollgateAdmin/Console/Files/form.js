// Forms that are made from schemas, and read back as documents.

import { fill, h } from "./dom.js";

/**
 * The fields of an object.
 *
 * `changes()` is what differs from the record that the form was filled with, as PATCH takes it: what
 * was emptied is null. For a new record it is what was filled in.
 */
export class Form {
  #controls;

  constructor(schemas, schema, record = {}) {
    const object = schemas.plain(schema);
    const required = object.required ?? [];
    this.#controls = Object.entries(object.properties).map(
      ([name, member]) =>
        new Control(schemas, name, member, record[name], required.includes(name), ""),
    );
    const [blocks, fields] = [true, false].map((isBlock) =>
      this.#controls.filter((control) => control.isBlock === isBlock),
    );
    this.element = h(
      "div",
      { className: "fields" },
      [...fields, ...blocks].map((control) => control.element),
    );
  }

  changes() {
    const changed = this.#controls.filter((control) => control.hasChanged);
    return Object.fromEntries(
      changed.map((control) => [control.name, control.value === undefined ? null : control.value]),
    );
  }

  /** Marks the field that the server has refused; false when it is none of the form's. */
  blame(path, message) {
    for (const control of this.#controls) control.excuse();
    const named = this.#controls.find((control) => control.isNamed(path));
    named?.blame(path, message);
    return named !== undefined;
  }
}

/** One field, with its label, what is said of it, and what is wrong with it. */
class Control {
  #input;
  #complaint = h("p", { className: "complaint", role: "alert" });
  #before;
  #path;

  constructor(schemas, name, schema, value, isRequired, parent) {
    this.name = name;
    this.#path = parent ? `${parent}.${name}` : name;
    const plain = schemas.plain(schema);
    const id = `field-${this.#path}`;
    this.#input = makeInput(schemas, plain, { id, value, isRequired, path: this.#path });
    this.isBlock = this.#input.isBlock ?? false;
    this.#before = JSON.stringify(this.value);
    const title = words(name) + (isRequired ? " *" : "");
    const note = plain.description && h("p", { className: "note" }, plain.description);
    this.element = this.isBlock
      ? h("details", { open: value != null && this.value !== undefined },
          h("summary", {}, title), note, this.#input.element, this.#complaint)
      : h("div", { className: "field" },
          h("label", { htmlFor: id }, title), this.#input.element, note, this.#complaint);
  }

  get value() {
    return this.#input.read();
  }

  get hasChanged() {
    return JSON.stringify(this.value) !== this.#before;
  }

  isNamed(path) {
    return path === this.#path || path.startsWith(`${this.#path}.`) || path.startsWith(`${this.#path}[`);
  }

  blame(path, message) {
    if (this.isBlock) this.element.open = true;
    const inner = this.#input.controls?.find((control) => control.isNamed(path));
    if (inner) return inner.blame(path, message);
    fill(this.#complaint, path === this.#path ? message : `${path}: ${message}`);
    this.element.scrollIntoView({ block: "center" });
  }

  excuse() {
    fill(this.#complaint);
    for (const control of this.#input.controls ?? []) control.excuse();
  }
}

/** The input for a schema: its element, and how it is read; what is empty reads as undefined. */
function makeInput(schemas, schema, field) {
  if (schema.type === "object" && schema.properties) return objectInput(schemas, schema, field);
  if (schema.enum) return choice(schema.enum, field);
  if (schema.type === "boolean") return yesOrNo(field);
  if (schema.type === "integer" || schema.type === "number") return numberInput(schema, field);
  if (schema.type === "string") {
    return schema.format === "date-time" ? timeInput(field) : textInput(schema, field);
  }
  if (schema.type === "array") {
    const item = schemas.plain(schema.items);
    if (item.enum) return choices(item.enum, field);
    if (item.type === "string") return linesInput(field, (line) => line);
    if (item.type === "number" || item.type === "integer") return linesInput(field, Number);
  }
  return jsonInput(field);
}

function objectInput(schemas, schema, { value, path }) {
  const controls = Object.entries(schema.properties).map(
    ([name, member]) =>
      new Control(schemas, name, member, value?.[name], (schema.required ?? []).includes(name), path),
  );
  const known = controls.filter((control) => value?.[control.name] != null);
  return {
    isBlock: true,
    controls,
    element: h("div", { className: "fields" }, controls.map((control) => control.element)),
    // The whole block, and null for what was emptied: that says the same to a server that merges it
    // as to one that replaces it.
    read() {
      const filled = controls.filter((control) => control.value !== undefined);
      const emptied = known.filter((control) => control.value === undefined);
      if (filled.length === 0) return undefined;
      return Object.fromEntries([
        ...filled.map((control) => [control.name, control.value]),
        ...emptied.map((control) => [control.name, null]),
      ]);
    },
  };
}

function textInput(schema, { id, value, isRequired, path }) {
  const isSecret = /(^|\.)(secret|value|api_key)$/.test(path);
  const isLong = !isSecret && schema.maxLength >= 1000;
  const element = h(isLong ? "textarea" : "input", {
    id,
    value: value ?? "",
    required: isRequired,
    maxLength: schema.maxLength,
    autocomplete: "off",
    spellcheck: isLong,
    ...(isLong ? { rows: 2 } : { type: isSecret ? "password" : "text" }),
  });
  return { element, read: () => element.value || undefined };
}

function numberInput(schema, { id, value, isRequired }) {
  const element = h("input", {
    id,
    type: "number",
    value: value ?? "",
    required: isRequired,
    min: schema.minimum,
    max: schema.maximum,
    step: schema.type === "integer" ? 1 : "any",
  });
  return { element, read: () => (element.value === "" ? undefined : element.valueAsNumber) };
}

function choice(options, { id, value, isRequired }) {
  const element = h(
    "select",
    { id, required: isRequired },
    h("option", { value: "" }, "–"),
    options.map((option) => h("option", { value: option }, option)),
  );
  element.value = value ?? "";
  return { element, read: () => element.value || undefined };
}

function yesOrNo({ id, value }) {
  const element = h(
    "select",
    { id },
    h("option", { value: "" }, "–"),
    h("option", { value: "true" }, "yes"),
    h("option", { value: "false" }, "no"),
  );
  element.value = value == null ? "" : String(value);
  return { element, read: () => (element.value === "" ? undefined : element.value === "true") };
}

function choices(options, { id, value }) {
  const boxes = options.map((option) =>
    h("input", { type: "checkbox", value: option, checked: value?.includes(option) ?? false }),
  );
  const element = h(
    "div",
    { id, className: "choices", role: "group" },
    boxes.map((box) => h("label", {}, box, ` ${box.value}`)),
  );
  const read = () => {
    const chosen = boxes.filter((box) => box.checked).map((box) => box.value);
    return chosen.length > 0 ? chosen : undefined;
  };
  return { element, read };
}

/** A list of texts or numbers, one on each line. */
function linesInput({ id, value }, item) {
  const element = h("textarea", {
    id,
    rows: Math.min(6, Math.max(2, value?.length ?? 0)),
    value: (value ?? []).join("\n"),
    placeholder: "one on each line",
    spellcheck: false,
  });
  const read = () => {
    const lines = element.value.split("\n").map((line) => line.trim()).filter((line) => line !== "");
    return lines.length > 0 ? lines.map(item) : undefined;
  };
  return { element, read };
}

/** A time, of the zone in which the browser is; to the second, as people set times. */
function timeInput({ id, value }) {
  const element = h("input", { id, type: "datetime-local", step: 1 });
  if (value) {
    const time = new Date(value);
    const local = new Date(time.getTime() - time.getTimezoneOffset() * 60_000);
    element.value = local.toISOString().slice(0, 19);
  }
  const before = element.value;
  const read = () => {
    if (element.value === "") return undefined;
    return value && element.value === before ? value : new Date(element.value).toISOString();
  };
  return { element, read };
}

/** Anything else, as JSON; what is none is for the server to refuse. */
function jsonInput({ id, value }) {
  const isEmpty = value == null || Object.keys(value).length === 0;
  const element = h("textarea", {
    id,
    rows: isEmpty ? 2 : 6,
    value: isEmpty ? "" : JSON.stringify(value, null, 2),
    placeholder: "JSON",
    className: "code",
    spellcheck: false,
  });
  const read = () => {
    if (element.value.trim() === "") return undefined;
    try {
      return JSON.parse(element.value);
    } catch {
      return element.value;
    }
  };
  return { element, read };
}

/** What single letters stand for. */
const spelledOut = { q: "Search" };

/** A name of the API as a label: `allowed_models` is "Allowed models". */
export function words(name) {
  if (Object.hasOwn(spelledOut, name)) return spelledOut[name];
  const text = name.replaceAll("_", " ").replace(/\b(id|ip|url|usd|iam|api)\b/g, (word) =>
    word.toUpperCase(),
  );
  return text[0].toUpperCase() + text.slice(1);
}
