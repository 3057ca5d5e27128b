// Elements of the page, made without markup: what the server says is only ever text.

/**
 * Makes an element.
 *
 * `attributes` are set as properties where the element has them (`onclick`, `value`, `disabled`) and
 * as attributes otherwise; those that are null or undefined are left out. `children` are elements
 * and text; lists are flattened, and what is null, undefined or false is left out.
 */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined) continue;
    if (key in element) element[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...flat(children));
  return element;
}

/** Shows other children in an element. */
export function fill(element, ...children) {
  element.replaceChildren(...flat(children));
  return element;
}

function flat(children) {
  return children.flat(Infinity).filter((child) => child || child === 0 || child === "");
}

/**
 * A button that does something asynchronous: it cannot be pressed twice meanwhile, and what goes
 * wrong is told.
 */
export function button(text, action, attributes = {}) {
  const element = h("button", { type: "button", ...attributes }, text);
  element.addEventListener("click", () => during(element, action));
  return element;
}

/** Does something while a button waits for it. */
export async function during(element, action) {
  element.disabled = true;
  try {
    await action();
  } catch (error) {
    tell(error.message, "bad");
  } finally {
    element.disabled = false;
  }
}

/** Says something at the bottom of the page, aloud for those who do not see it. */
export function tell(text, kind = "good") {
  const place = document.getElementById("messages");
  const message = h("p", { className: kind }, text);
  message.append(button("×", () => message.remove(), { title: "Close", className: "quiet" }));
  place.append(message);
  while (place.children.length > 3) place.firstChild.remove();
}

/**
 * Opens a dialog and waits for its end.
 *
 * `content(close)` makes what is in it; what it calls `close` with is the result, undefined when
 * the dialog is left by Escape.
 */
export function dialog(title, content) {
  return new Promise((resolve) => {
    let result;
    const element = h("dialog", { "aria-label": title });
    const close = (value) => {
      result = value;
      element.close();
    };
    element.addEventListener("close", () => {
      element.remove();
      resolve(result);
    });
    element.append(h("h2", {}, title), ...flat([content(close)]));
    document.body.append(element);
    element.showModal();
  });
}

/** Asks before something that cannot be undone; true when it shall be done. */
export function confirmed(title, consequence, verb) {
  return dialog(title, (close) => [
    h("p", {}, consequence),
    h(
      "menu",
      {},
      button("Cancel", () => close(false)),
      button(verb, () => close(true), { className: "danger" }),
    ),
  ]);
}

/** Shows a secret, once, to be copied. */
export function reveal(title, secret) {
  return dialog(title, (close) => {
    const field = h("output", { className: "secret" }, secret);
    return [
      h("p", {}, "This is shown once. It is not kept anywhere in a form that could be read."),
      field,
      h(
        "menu",
        {},
        // Browsers give a clipboard to https and this machine alone.
        navigator.clipboard && button("Copy", () => navigator.clipboard.writeText(secret)),
        button("Done", () => close()),
      ),
    ];
  });
}

/** A time as people read it, with the whole of it behind. */
export function time(text) {
  if (!text) return h("span", { className: "none" }, "–");
  const shown = new Date(text).toLocaleString(undefined, {
    dateStyle: "medium",
    timeStyle: "medium",
  });
  return h("time", { dateTime: text, title: text }, shown);
}

/** An amount of money in USD, to the digits that it has. */
export function money(amount) {
  if (amount === null || amount === undefined) return "–";
  const digits = { minimumFractionDigits: 2, maximumFractionDigits: 9 };
  return `$${amount.toLocaleString("en", digits)}`;
}

/** A count with its thousands apart. */
export function count(number) {
  return number === null || number === undefined ? "–" : number.toLocaleString("en");
}

/** A state in a word and a colour. */
export function badge(word) {
  return h("span", { className: `badge ${word}` }, word);
}
