// Signing in, the way around, and which page is shown.

import { Api } from "./api.js";
import { fill, h, tell } from "./dom.js";
import { kinds } from "./kinds.js";
import { alertsPage, auditPage, overviewPage, recordPage, recordsPage } from "./pages.js";
import { Schemas } from "./schemas.js";
import { usagePage } from "./usage.js";

const pages = {
  overview: ["Overview", overviewPage],
  keys: [kinds.keys.title],
  organizations: [kinds.organizations.title],
  teams: [kinds.teams.title],
  users: [kinds.users.title],
  usage: ["Usage", usagePage],
  "audit-logs": ["Audit log", auditPage],
  alerts: ["Alerts", alertsPage],
  models: [kinds.models.title],
  suppliers: [kinds.suppliers.title],
  webhooks: [kinds.webhooks.title],
};

/** The console of whoever is signed in. */
class Console {
  #main = h("main", { tabIndex: -1 });
  #links;
  #turn = 0;

  constructor(api, schemas) {
    this.api = api;
    this.schemas = schemas;
    this.#links = Object.entries(pages).map(([name, [title]]) =>
      h("a", { href: `#/${name}` }, title),
    );
    this.element = [
      h(
        "nav",
        { "aria-label": "Pages" },
        h("strong", {}, "Tollgate"),
        this.#links,
        h("a", { href: "docs", target: "_blank", rel: "noreferrer" }, "API"),
        h("button", { type: "button", className: "quiet", onclick: () => signIn() }, "Sign out"),
      ),
      this.#main,
    ];
  }

  /** Goes to a page: `keys?status=enabled`. */
  go(place) {
    const address = `#/${place}`;
    if (location.hash === address) this.reload();
    else location.hash = address;
  }

  /** Shows the page of the address, as it is now. */
  async reload() {
    const turn = ++this.#turn;
    const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
    const [name, id] = path.split("/");
    const page = Object.hasOwn(pages, name) ? name : "overview";
    for (const link of this.#links) {
      if (link.getAttribute("href") === `#/${page}`) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    this.#main.setAttribute("aria-busy", "true");
    const content = await this.#content(page, id, Object.fromEntries(new URLSearchParams(query)));
    // Who has gone on to another page meanwhile is not taken back.
    if (turn !== this.#turn) return;
    fill(this.#main, content);
    this.#main.removeAttribute("aria-busy");
    document.title = `${this.#main.querySelector("h1")?.textContent ?? "Tollgate"} – Tollgate`;
  }

  async #content(page, id, parameters) {
    try {
      const show = pages[page][1];
      if (show) return await show(this, parameters);
      if (id) return await recordPage(this, page, decodeURIComponent(id));
      return await recordsPage(this, page, parameters);
    } catch (error) {
      return [h("h1", {}, pages[page][0]), h("p", { className: "complaint", role: "alert" }, error.message)];
    }
  }
}

let current;
const app = document.getElementById("app");

/** Asks for a key; what was shown to whoever was signed in is taken away. */
function signIn(reason = "") {
  current = undefined;
  document.title = "Tollgate";
  for (const dialog of document.querySelectorAll("dialog")) dialog.remove();
  const field = h("input", { id: "key", type: "password", required: true, autocomplete: "off" });
  const complaint = h("p", { className: "complaint", role: "alert" }, reason);
  const form = h(
    "form",
    { className: "sign-in" },
    h("h1", {}, "Tollgate"),
    h("label", { htmlFor: "key" }, "API key"),
    field,
    h("p", { className: "note" }, "It stays in this page's memory and is gone when the page is left."),
    complaint,
    h("button", { type: "submit" }, "Sign in"),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    fill(complaint);
    try {
      await begin(field.value.trim());
    } catch (error) {
      fill(complaint, error.message);
    }
  });
  fill(app, form);
  field.focus();
}

async function begin(key) {
  const api = new Api(key, (reason) => signIn(reason));
  // What any key may see; it tells a key that works from others.
  await api.get("v1/usage", { since: new Date().toISOString() });
  const next = new Console(api, new Schemas(await api.get("openapi.json")));
  current = next;
  fill(app, next.element);
  await next.reload();
}

window.addEventListener("hashchange", () => current?.reload());
window.addEventListener("unhandledrejection", (event) => tell(event.reason.message, "bad"));
signIn();
