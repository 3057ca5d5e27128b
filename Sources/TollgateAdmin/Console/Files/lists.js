// Lists of the API: filters above, rows that come in pages, and what can be done with them.

import { button, count, fill, h } from "./dom.js";
import { Form } from "./form.js";

/**
 * A table.
 *
 * `columns` are pairs of a heading and of what makes the cell of a row: text or an element. Columns
 * whose cells are numbers are aligned by them.
 */
export function table(columns, rows, { caption, name, href } = {}) {
  const body = h("tbody");
  const add = (more) => body.append(...more.map((row) => tableRow(columns, row, href)));
  add(rows);
  // A heading stands where its numbers do.
  const headings = columns.map(([heading], index) => {
    const { className = "" } = body.rows[0]?.cells[index] ?? {};
    return h("th", { scope: "col", className }, heading);
  });
  const element = h(
    "table",
    { "aria-label": name },
    caption && h("caption", {}, caption),
    h("thead", {}, h("tr", {}, headings)),
    body,
  );
  return { element: h("div", { className: "scroll" }, element), add };
}

function tableRow(columns, row, href) {
  const cells = columns.map(([, cell], index) => {
    const content = cell(row);
    const isNumber = typeof content === "string" && /^\$?-?[\d,.]+$/.test(content);
    const isLink = index === 0 && href;
    return h(
      "td",
      { className: isNumber ? "number" : "" },
      isLink ? h("a", { href: href(row) }, content || "–") : content,
    );
  });
  return h("tr", {}, cells);
}

/**
 * A page with a list: a form of its filters, a table, and a button for more.
 *
 * `list` says what there is: `path`, `member` (where in the answer the rows are), `filters`,
 * `columns`, `href`, and `actions`, what stands above. What is filtered by is in the address, so
 * that it can be kept and sent.
 */
export async function listPage(console, list, parameters) {
  const query = { ...list.parameters, ...parameters };
  const filters = new Form(
    console.schemas,
    console.schemas.filters(`/${list.path}`, list.filters),
    parameters,
  );
  const search = h("form", { className: "filters" }, filters.element, h("button", {}, "Show"));
  search.addEventListener("submit", (event) => {
    event.preventDefault();
    const chosen = Object.fromEntries(
      Object.entries({ ...parameters, ...filters.changes() }).filter(([, value]) => value !== null),
    );
    console.go(`${list.place}?${new URLSearchParams(chosen)}`);
  });
  const answer = await console.api.get(list.path, query);
  const rows = table(list.columns, answer[list.member], { name: list.title, href: list.href });
  const foot = h("p", { className: "foot" });
  let shown = answer[list.member].length;
  let cursor = answer.next_cursor;
  const showFoot = () =>
    fill(foot, shown === 0 ? "Nothing to show. " : `${count(shown)} shown. `, cursor && more);
  const more = button("More", async () => {
    const next = await console.api.get(list.path, { ...query, cursor });
    rows.add(next[list.member]);
    shown += next[list.member].length;
    cursor = next.next_cursor;
    showFoot();
  });
  showFoot();
  return [
    h("header", {}, h("h1", {}, list.title), h("menu", {}, list.actions?.(parameters) ?? [])),
    list.filters.length > 0 && search,
    rows.element,
    foot,
  ];
}
