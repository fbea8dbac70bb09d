// Beside the map: the balance of the cells, what is chosen, and what is wrong.

import { byId, el } from "../command/dom.js";
import { count, t } from "../command/words.js";

const hectares = (m2) => (m2 / 10000).toFixed(m2 < 100000 ? 2 : 1);

// A row for each cell, whose button chooses it.
export function balance(village, chosen, choose) {
  const { told } = village;
  const wrong = new Set(told.findings.filter((found) => found.severity !== "note").map((found) => found.area));
  const focused = document.activeElement?.dataset?.cell;
  byId("balance").replaceChildren(
    ...told.balance.map((row) =>
      el(
        "tr",
        { class: [wrong.has(row.code) && "wrong", row.code === chosen && "mine"].filter(Boolean).join(" ") || null },
        el("th", { scope: "row" }, el("button", { type: "button", class: "cell", title: row.code, data: { cell: row.code }, "aria-pressed": String(row.code === chosen), onclick: () => choose(row.code) }, row.code.slice(-3), " ", el("span", {}, row.name), row.locked ? el("span", { class: "locked" }, ` ${t("plan.locked")}`) : null)),
        el("td", {}, row.households === null ? "–" : count(row.households)),
        el("td", {}, change(row)),
        el("td", {}, hectares(row.area_m2)),
        el("td", {}, row.worker ?? "–"),
        el("td", {}, row.load === null ? "–" : count(row.load)),
      ),
    ),
  );
  if (focused) byId("balance").querySelector(`[data-cell="${CSS.escape(focused)}"]`)?.focus();
  byId("gone").textContent = told.gone.length ? t("plan.gone", { cells: told.gone.map((cell) => cell.code.slice(-3)).join(", ") }) : "";
  byId("revision").textContent = t("plan.revision", { revision: told.revision.split("-")[0] });
}

function change(row) {
  if (row.came === null) return "–";
  const moved = [row.came && `+${count(row.came)}`, row.went && `−${count(row.went)}`].filter(Boolean).join(" ");
  return row.fresh ? `${t("plan.fresh")} ${moved}` : moved || "0";
}

const options = (village, codes) => codes.map((code) => el("option", { value: code }, `${code.slice(-3)} ${village.row(code).name}`));

// What can be done with the cell that is chosen, and with the households that are selected.
export function chosen(village, state, act) {
  const parts = [];
  const { chosen: code, selected } = state;
  if (selected.size) parts.push(...moving(village, state, act));
  if (code && village.row(code)) parts.push(...ofCell(village, state, act));
  byId("chosen").replaceChildren(...(parts.length ? parts : [el("p", { class: "soft" }, t(village.told.broken ? "plan.broken" : "plan.nothing_chosen"))]));
  if (village.told.broken) byId("chosen").append(el("p", { class: "sad" }, village.told.broken));
}

function moving(village, { selected, chosen: code, target }, act) {
  const homes = village.told.households.filter(([id]) => selected.has(id));
  const total = homes.reduce((sum, home) => sum + home[3], 0);
  const from = new Set(homes.map((home) => home[4]));
  const codes = village.told.balance.map((row) => row.code).filter((each) => from.size > 1 || !from.has(each));
  const to = el("select", { id: "to", class: "field narrow" }, options(village, codes));
  const wanted = codes.includes(target) ? target : codes.includes(code) ? code : null;
  if (wanted) to.value = wanted;
  return [
    el("h2", {}, t("plan.selected", { buildings: count(homes.length), households: count(total) })),
    el(
      "p",
      { class: "line" },
      el("label", { for: "to" }, t("plan.to")),
      to,
      el("button", { class: "button main", type: "button", id: "assign", onclick: () => act.assign(to.value) }, t("plan.assign")),
      el("button", { class: "button", type: "button", onclick: () => act.select([]) }, t("plan.unselect")),
    ),
  ];
}

function ofCell(village, { chosen: code }, act) {
  const near = village.neighbours(code), row = village.row(code);
  const title = el("h2", {}, t("plan.chosen", { cell: row.name, code: code.slice(-3) }));
  const others = village.changes ? [ofLock(row, act), ...ofWorker(village, { chosen: code }, act), ...ofParent(village, { chosen: code }, act)] : [];
  if (!near.length) return [title, ...others];
  const other = el("select", { id: "other", class: "field narrow" }, options(village, near));
  const most = Math.max(1, village.homes(code).length - 1);
  const n = el("input", { id: "n", class: "field narrow", type: "number", min: 1, max: most, value: Math.min(3, most) });
  return [
    title,
    el("p", { class: "line" }, el("label", { for: "other" }, t("plan.neighbour")), other, el("button", { class: "button", type: "button", id: "merge", onclick: () => act.merge(other.value) }, t("plan.merge"))),
    el("p", { class: "line" }, el("label", { for: "n" }, t("plan.nearest")), n, el("button", { class: "button", type: "button", id: "nearest", onclick: () => act.nearest(other.value, Number(n.value)) }, t("plan.select"))),
    ...others,
  ];
}

// Whether the cell stays as it is.
function ofLock(row, act) {
  const name = row.locked ? "unlock" : "lock";
  return el("p", { class: "line" }, el("button", { class: "button", type: "button", id: "tool-lock", title: "K", onclick: () => act.lock(row.code, !row.locked) }, t(`plan.${name}`)), row.locked ? el("span", {}, t("plan.locked")) : null);
}

// To which village a cell can go, and who is to stand there.
function ofParent(village, { chosen: code }, act) {
  const villages = village.told.parents.filter((one) => one.level === "village");
  if (!villages.length) return [];
  const to = el("select", { id: "give-to", class: "field narrow" }, villages.map((one) => el("option", { value: one.code }, one.name)));
  return [el("p", { class: "line" }, el("label", { for: "give-to" }, t("plan.give_to")), to, el("button", { class: "button", type: "button", id: "give", onclick: () => act.give(code, to.value) }, t("plan.give")))];
}

function ofWorker(village, { chosen: code }, act) {
  if (!village.told.workers) return [];
  const who = el("select", { id: "worker", class: "field narrow" }, el("option", { value: "" }, t("plan.worker_none")), village.told.workers.map(([id, name]) => el("option", { value: id }, `${name} ${id}`)));
  who.value = village.row(code).worker_id ?? "";
  return [el("p", { class: "line" }, el("label", { for: "worker" }, t("plan.worker")), who, el("button", { class: "button", type: "button", id: "post", onclick: () => act.post(code, who.value || null) }, t("plan.post")))];
}

// The township that the village itself can go to.
export function ofVillage(village, act) {
  const townships = village.told.parents.filter((one) => one.level === "township");
  const to = el("select", { id: "township", class: "field narrow" }, townships.map((one) => el("option", { value: one.code }, one.name)));
  byId("of-village").replaceChildren(
    ...(townships.length ? [el("p", { class: "line" }, el("label", { for: "township" }, t("plan.give_village_to")), to, el("button", { class: "button", type: "button", id: "give-village", onclick: () => act.give(village.code, to.value) }, t("plan.give")))] : []),
  );
}

// What is wrong, each with a button that leads there.
export function problems(village, at, look) {
  const found = village.told.findings;
  byId("problems").replaceChildren(
    ...found.map((finding, place) => el("li", { class: finding.severity }, el("button", { type: "button", "aria-current": place === at ? "true" : null, onclick: () => look(place) }, finding.text))),
  );
  byId("at").textContent = found.length ? t("plan.problem_at", { at: at === null ? "–" : at + 1, of: found.length }) : t("plan.problems_none");
  for (const id of ["before", "next"]) byId(id).disabled = !found.length;
}
