// A planner's page: one village's cells on a map, their balance beside it. Every change is an operation that the service makes, whole or not
// at all; the page draws what it answers.

import { byId, el } from "../command/dom.js";
import { count, facts, may, t } from "../command/words.js";
import { Drawing } from "./drawing.js";
import { balance, chosen, ofVillage, problems } from "./panel.js";
import * as reports from "./reports.js";
import { Tools } from "./tools.js";
import { Village } from "./village.js";

const map = window.map_plan;
L.control.zoom({ position: "bottomleft", zoomInTitle: t("plan.nearer"), zoomOutTitle: t("plan.farther") }).addTo(map);
L.control.scale({ imperial: false, position: "bottomleft" }).addTo(map);
map.attributionControl.setPrefix(false);
// The map was made while the page was still being laid out: the whole village is in view however large its box has become.
map.invalidateSize({ animate: false });
map.fitBounds(facts.bounds, { animate: false });
new ResizeObserver(() => map.invalidateSize({ animate: false })).observe(map.getContainer());

const village = new Village(facts.draft, facts.village);
const drawing = new Drawing(map, village);
const state = { chosen: null, target: null, selected: new Set(), problem: null };
const changes = (village.changes = may("draft.change"));
const tools = new Tools(drawing, { lasso: (corners) => act.select(drawing.homesIn(corners)), split, border, pick, changed: render });

// Sends a change and says what came of it; a refusal says why, and where.
async function change(sending) {
  tell("");
  drawing.point(null);
  try {
    const made = await sending;
    if (made) done(made);
  } catch (fault) {
    refused(fault);
  }
}

function done(made) {
  state.selected.clear();
  const text = made.kind ? t("plan.done", { what: t(`move.${made.kind}`), households: count(made.households ?? 0) }) : t("plan.cut_done", { cells: count(made.cells) });
  byId("spoken").textContent = made.beside ? `${text} ${t("plan.beside", { who: made.beside })}` : text;
  render();
}

function refused(fault) {
  tell(fault.message);
  const { lon, lat } = fault.told ?? {};
  if (typeof lon === "number") drawing.point({ lon, lat });
  render();
}

function tell(text) {
  byId("told").textContent = text;
  byId("told").hidden = !text;
}

const act = {
  assign: (to) => change(village.move({ move: "assign", households: [...state.selected], to })),
  give: (area, to) => change(village.move({ move: "parent", area, to })),
  post: (cell, worker) => change(village.move({ move: "post", cell, worker })),
  lock: (cell, locked) => change(village.move({ move: locked ? "lock" : "unlock", cell })),
  merge: (other) => change(village.move({ move: "merge", cells: [state.chosen, other] })),
  nearest(other, n) {
    state.target = other;
    act.select(drawing.nearest(state.chosen, other).slice(0, n).map(([id]) => id));
    byId("assign")?.focus();
  },
  select(ids) {
    state.selected = new Set(ids);
    byId("spoken").textContent = t("plan.selected_spoken", { buildings: count(ids.length) });
    render();
  },
};

// A line splits the cell that is chosen, else the one in which most of it lies.
function split(line) {
  const [[ax, ay], [bx, by]] = [line[0], line.at(-1)];
  const cell = state.chosen ?? drawing.cellAt({ lng: (ax + bx) / 2, lat: (ay + by) / 2 });
  if (cell) change(village.move({ move: "split", cell, line }));
  else tell(t("plan.nothing_chosen"));
}

function border(cells, line) {
  change(village.move({ move: "border", cells, line }));
}

// A click chooses a cell; while households are selected it says where they go.
function pick(code) {
  if (!code) return;
  if (state.selected.size) state.target = code;
  else choose(code);
  render();
  if (state.selected.size) byId("assign")?.focus();
}

function choose(code) {
  state.chosen = state.chosen === code ? null : code;
  state.target = null;
  render();
}

function look(at) {
  const found = village.told.findings;
  if (!found.length) return;
  state.problem = (at + found.length) % found.length;
  const { lon, lat, area, text } = found[state.problem];
  if (village.row(area)) state.chosen = area;
  if (lon !== null) drawing.point({ lon, lat });
  byId("spoken").textContent = text;
  render();
}

const BUTTONS = [
  ["lasso", "L", () => tools.take("lasso")],
  ["border", "B", () => tools.take("border")],
  ["split", "S", () => tools.take("split")],
  ["mend", "M", () => change(village.move({ move: "mend", village: facts.village }))],
  ["cut", "", () => change(village.send("cut", { village: facts.village }))],
  ["undo", "Z", () => change(village.step("undo"))],
  ["redo", "Y", () => change(village.step("redo"))],
];

function build() {
  byId("tools").append(...BUTTONS.map(([name, key, run]) => el("button", { type: "button", class: "button", id: `tool-${name}`, title: key || null, disabled: true, onclick: run }, t(`plan.tool.${name}`))));
  byId("publish").hidden = !may("draft.publish");
  const asked = (report) => () => report(village).catch(refused);
  byId("check").addEventListener("click", asked(reports.check));
  byId("compare").addEventListener("click", asked(reports.compare));
  byId("publish").addEventListener("click", () => reports.publish(village, ({ edition }) => location.assign(`/plan?${new URLSearchParams({ published: edition })}`)));
  byId("before").addEventListener("click", () => look((state.problem ?? 0) - 1));
  byId("next").addEventListener("click", () => look((state.problem ?? -1) + 1));
}

function render() {
  const { told } = village;
  if (!told) return;
  if (state.chosen && !village.row(state.chosen)) state.chosen = null;
  if (state.problem >= told.findings.length) state.problem = null;
  drawing.draw({ ...state, tool: tools.tool });
  balance(village, state.chosen, choose);
  chosen(village, state, act);
  if (changes) ofVillage(village, act);
  problems(village, state.problem, look);
  for (const [name] of BUTTONS) {
    const button = byId(`tool-${name}`), drawn = ["lasso", "border", "split"].includes(name);
    const lacking = { undo: !told.undo, redo: !told.redo, lasso: !told.arcs || !told.households, border: !told.arcs, split: !told.arcs, mend: !told.broken }[name];
    button.disabled = !changes || village.busy || Boolean(lacking);
    if (drawn) button.setAttribute("aria-pressed", String(tools.tool === name));
  }
  byId("tool-mend").hidden = !told.broken; // only where there is something to mend
  byId("cross").hidden = !tools.tool;
  byId("hint").hidden = !tools.tool;
  if (tools.tool) byId("hint").textContent = t(`plan.hint.${tools.tool}`);
}

const FIELDS = { w: "worker", g: "give-to" };
const KEYS = { l: "lasso", b: "border", s: "split", m: "mend", k: "lock", z: "undo", y: "redo" };

function listen() {
  document.addEventListener("keydown", (event) => {
    if (byId("window").open || event.target.closest("input, textarea, select")) return;
    const held = event.ctrlKey || event.metaKey;
    const name = held && event.shiftKey && event.key.toLowerCase() === "z" ? "redo" : KEYS[event.key.toLowerCase()];
    if (event.altKey || (held && !["undo", "redo"].includes(name))) return;
    if (event.key === "Escape") return tools.stop();
    if (event.key === "[" || event.key === "]") return byId(event.key === "[" ? "before" : "next").click();
    const field = held ? null : byId(FIELDS[event.key.toLowerCase()] ?? "");
    if (field) field.focus();
    if (field) event.preventDefault();
    if (!name) return;
    event.preventDefault();
    byId(`tool-${name}`)?.click(); // a cell has to be chosen before it can be locked
  });
  village.addEventListener("change", render);
  village.addEventListener("busy", render);
  village.addEventListener("sent", ({ detail }) => { tell(""); done(detail); });
  village.addEventListener("refused", ({ detail }) => refused(detail));
  addEventListener("online", () => village.again());
}

build();
listen();
await village.load();
await village.again();
