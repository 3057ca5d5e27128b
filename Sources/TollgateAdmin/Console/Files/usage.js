// What was used: of a subject, with what is left of its limits, and of all in groups.

import { count, fill, h, money } from "./dom.js";
import { table } from "./lists.js";
import { words } from "./form.js";

const periods = ["hour", "day", "week", "month", "total", "held"];

/** What a key or a group has used in the windows that are open, and what is left of its limits. */
export function usageSections(usage) {
  const windows = table(
    [
      ["", (period) => (period === "held" ? "Not settled yet" : words(period))],
      ["Requests", (period) => count(usage[period].requests)],
      ["Tokens", (period) => count(usage[period].tokens)],
      ["Cost", (period) => money(usage[period].cost_usd)],
    ],
    periods,
    { caption: "Used" },
  );
  const limits = table(
    [
      ["Limit", (limit) => limit.name],
      ["Of the", (limit) => limit.level],
      ["At most", (limit) => amount(limit, limit.limit)],
      ["Left", (limit) => amount(limit, limit.remaining)],
      ["Used", meter],
      ["Begins anew", (limit) => (limit.reset_ms > 0 ? span(limit.reset_ms) : "–")],
    ],
    usage.limits ?? [],
    { caption: "Limits" },
  );
  return [
    windows.element,
    usage.limits?.length > 0 && limits.element,
  ];
}

function amount(limit, value) {
  return /^(budget|balance)/.test(limit.name) ? money(value) : count(value);
}

/** How much of a limit is used or held. */
export function meter(limit) {
  const used = Math.max(0, limit.limit - limit.remaining);
  const part = limit.limit > 0 ? Math.min(1, used / limit.limit) : 1;
  const percentage = `${Math.round(part * 100)} %`;
  return h("meter", { min: 0, max: 1, low: 0.8, high: 0.95, optimum: 0, value: part, title: percentage },
    percentage);
}

/** A time to wait in its largest units: `2 d 3 h`. */
export function span(milliseconds) {
  let seconds = Math.ceil(milliseconds / 1000);
  const parts = [];
  for (const [unit, length] of [["d", 86_400], ["h", 3_600], ["min", 60], ["s", 1]]) {
    const whole = Math.floor(seconds / length);
    seconds -= whole * length;
    if (whole > 0) parts.push(`${whole} ${unit}`);
  }
  return parts.slice(0, 2).join(" ");
}

const groupings = [
  ["day", "by day"],
  ["model", "by model"],
  ["key", "by key"],
  ["team", "by team"],
  ["key,model", "by key and model"],
  ["day,model", "by day and model"],
];

/** The page `usage`: sums over a time, in groups. */
export async function usagePage(console, parameters) {
  const { group_by: grouping = "day", days = "30" } = parameters;
  const since = days === "all" ? undefined : startOfDay(Number(days) - 1);
  const usage = await console.api.get("v1/usage", {
    group_by: grouping,
    since,
    key_id: parameters.key_id,
  });
  const go = (changes) =>
    console.go(`usage?${new URLSearchParams({ group_by: grouping, days, ...parameters, ...changes })}`);
  const choice = (label, options, chosen, change) => {
    const select = h("select", {}, options.map(([value, text]) => h("option", { value }, text)));
    select.value = chosen;
    select.addEventListener("change", () => go(change(select.value)));
    return h("label", { className: "field" }, label, select);
  };
  const names = grouping.split(",").map((name) => ({ key: "key_id", team: "team_id" })[name] ?? name);
  const rows = table(
    [
      ...names.map((name) => [words(name), (row) => row[name] ?? "–"]),
      ...totalColumns,
    ],
    usage.groups,
    { name: "Usage" },
  );
  return [
    h("header", {}, h("h1", {}, "Usage")),
    h(
      "div",
      { className: "filters" },
      choice("Grouped", groupings, grouping, (value) => ({ group_by: value })),
      choice(
        "Of",
        [["1", "today"], ["7", "the last 7 days"], ["30", "the last 30 days"], ["all", "all time"]],
        days,
        (value) => ({ days: value }),
      ),
    ),
    totals(usage.total),
    rows.element,
  ];
}

const totalColumns = [
  ["Requests", (row) => count(row.requests)],
  ["Denied", (row) => count(row.denied_requests)],
  ["Input tokens", (row) => count(row.input_tokens)],
  ["Output tokens", (row) => count(row.output_tokens)],
  ["Cost", (row) => money(row.cost_usd)],
];

/** The sums in large figures. */
export function totals(total) {
  const figures = totalColumns.map(([name, cell]) =>
    h("div", {}, h("strong", {}, cell(total)), h("span", {}, name)),
  );
  return fill(h("section", { className: "figures" }), figures);
}

/** When the day began that was so many days ago, in UTC: usage is kept by days of UTC. */
export function startOfDay(daysAgo) {
  const now = new Date();
  return new Date(
    Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() - daysAgo),
  ).toISOString();
}
