// The command centre: everything that is open on a map and in a list, kept in step with the service. The view moves only when it is asked to.

import { Borders } from "./borders.js";
import { Detail } from "./detail.js";
import { byId, el } from "./dom.js";
import { ENDED, GRADES, Incidents, URGENCIES } from "./incidents.js";
import { List } from "./list.js";
import { Live } from "./live.js";
import { Markers } from "./markers.js";
import { ReportForm } from "./report.js";
import { SORTS, Sift, TABS, WATCHES, isNumber, named, tabOf } from "./sift.js";
import { ring, symbol } from "./symbols.js";
import { clockText, count, facts, t } from "./words.js";
import { menus } from "../pages/menu.js";

const MARGIN = 45; // pixels around a sign that is seen
const AGAIN_MS = 3000;
const still = matchMedia("(prefers-reduced-motion: reduce)");
const small = matchMedia("(max-width: 760px)");

const map = window.map_command;
L.control.zoom({ position: "bottomleft", zoomInTitle: t("map.nearer"), zoomOutTitle: t("map.farther") }).addTo(map);
L.control.scale({ imperial: false, position: "bottomleft" }).addTo(map);
map.attributionControl.setPrefix(false);

const incidents = new Incidents();
const sift = new Sift();
const list = new List(incidents, sift, open);
const markers = new Markers(map, incidents, sift, { open, hover: (id, on) => list.hover(id, on), drawn: settle });
const borders = new Borders(map, facts.edition, () => markers.positions());
const detail = new Detail(map, {
  go,
  closed: shut,
  stepped,
  shown,
});
const form = new ReportForm(map, { sent: (id) => open(id), shut: () => byId("new").focus() });

// Names step aside for signs after the reader moved, and once at the start; not at every event, so that they stand still.
let unsettled = true;
map.on("moveend", () => { unsettled = true; });
function settle() {
  if (unsettled && incidents.whole) {
    unsettled = false;
    borders.write();
  }
}

// By its id or number, also what has ended.
async function open(id) {
  form.shut();
  choose(id);
  if (await detail.open(id)) reveal();
}

function shown(one) {
  sift.name(one.number);
  choose(one.id, ENDED.includes(one.state) ? one : null);
  borders.mark(one.cell?.code ?? one.village?.code ?? one.township?.code, one.edition);
}

// It went on here. What ended leaves the list at once; the panel keeps it.
function stepped(feature) {
  const { number, state } = feature.properties;
  byId("spoken").textContent = t("taking.done", { number, state: t(`state.${state}`) });
  if (ENDED.includes(state)) incidents.put(feature);
}

// The panel was shut: back to its row, or to the one that took its place.
function shut(id) {
  const place = list.place;
  sift.name("");
  choose(null);
  borders.mark(null);
  list.focus(id, place);
}

function choose(id, ended = null) {
  list.select(id);
  markers.select(id, ended);
}

function go() {
  const one = detail.one ?? incidents.all.get(list.focused());
  if (one?.lat == null) return;
  const zoom = Math.max(map.getZoom(), 16);
  byId("panel").classList.add("low"); // on a small screen the map needs the upper half
  if (small.matches) map.getContainer().scrollIntoView();
  map.flyTo(middleAt(one, zoom), zoom, { duration: 0.5, animate: !still.matches });
}

// What was opened is seen: if its sign lies outside the view or under the panel, the map is moved, never zoomed.
function reveal() {
  const { one } = detail;
  if (one?.lat == null || small.matches) return;
  const { x, y } = map.latLngToContainerPoint([one.lat, one.lon]), size = map.getSize();
  if (x > MARGIN && y > MARGIN && x < size.x - covered() - MARGIN && y < size.y - MARGIN) return;
  map.setView(middleAt(one, map.getZoom()), map.getZoom(), { animate: !still.matches });
}

// The width that the panel takes from the map, and the map's middle that puts a place in the middle of the rest.
const covered = () => (byId("panel").hidden || small.matches ? 0 : byId("panel").offsetWidth);
const middleAt = (one, zoom) => map.unproject(map.project([one.lat, one.lon], zoom).add([covered() / 2, 0]), zoom);

function back() {
  if (form.open) return form.shut();
  detail.shut();
}

function newReport() {
  detail.shut();
  form.show();
  if (small.matches) map.getContainer().scrollIntoView();
}

function render(changes) {
  list.render(changes);
  markers.render();
  const all = [...incidents.all.values()];
  const roughly = all.filter((one) => sift.roughly(one));
  const tabs = { open: all.length, dispatched: 0, triage: 0 };
  for (const one of all) ++tabs[tabOf(one)];
  for (const button of byId("tabs").children) tell(button, tabs[button.value], sift.tab === button.value);
  for (const button of byId("urgencies").children) tell(button, roughly.filter((one) => one.urgency === button.value).length, sift.urgencies.has(button.value));
}

function tell(button, n, on) {
  button.setAttribute("aria-pressed", String(on));
  button.querySelector("b").textContent = incidents.whole ? count(n) : `${count(n)}…`;
}

function build() {
  byId("tabs").append(...TABS.map((tab) => el("button", { type: "button", value: tab, onclick: () => sift.set({ tab }) }, t(`tab.${tab}`), " ", el("b", {}, "…"))));
  byId("urgencies").append(
    ...URGENCIES.map((urgency) => el("button", { type: "button", value: urgency, onclick: () => sift.toggle(urgency) }, symbol({ urgency, grade: "plain", state: "" }, 22), el("b", {}, "…"), el("span", {}, t(`urgency.${urgency}`)))),
  );
  const options = (names, word) => names.map((name) => el("option", { value: name }, t(`${word}.${name}`)));
  byId("only").append(
    el("option", { value: "" }, t("only.all")),
    el("optgroup", { label: t("watch.label") }, options(Object.keys(WATCHES), "watch")),
    el("optgroup", { label: t("grade.label") }, options(GRADES, "grade")),
  );
  byId("sort").append(...Object.keys(SORTS).map((sort) => el("option", { value: sort }, t(`sort.${sort}`))));
  const row = (sign, text) => el("li", {}, sign, text);
  byId("legend").append(
    el("ul", {}, URGENCIES.map((urgency) => row(symbol({ urgency, grade: "plain", state: "" }, 20), t(`urgency.${urgency}`)))),
    el("ul", {}, GRADES.map((grade) => row(el("i", { class: `swatch ${grade}` }), t(`grade.${grade}`))), row(el("i", { class: "swatch dashed" }), t("legend.triage"))),
    el("p", {}, ring(12, { general: 9, complex: 2, difficult: 1 }, 3, 34), t("legend.count")),
  );
  if (innerWidth < 1400) document.querySelector(".legend").open = false;
}

function controls() {
  byId("only").value = sift.watch || sift.grade;
  byId("sort").value = sift.sort;
  if (byId("search").value.trim() !== sift.text) byId("search").value = sift.text;
}

const ARROWS = { ArrowDown: 1, ArrowUp: -1 };
const KEYS = {
  j: () => list.step(1),
  k: () => list.step(-1),
  g: go,
  n: newReport,
  "/": () => byId("search").focus(),
  "?": () => byId("keys").showModal(),
  ...Object.fromEntries(URGENCIES.map((urgency, place) => [String(place + 1), () => sift.toggle(urgency)])),
};

function listen() {
  incidents.addEventListener("change", ({ detail: changes }) => {
    render(changes);
    if (detail.id !== null && changes.has(detail.id)) detail.refresh(detail.id, incidents.all.get(detail.id)?.revision ?? incidents.gone.get(detail.id));
  });
  sift.addEventListener("change", () => { controls(); render(); });
  byId("search").addEventListener("input", () => sift.set({ text: byId("search").value.trim() }));
  byId("search").addEventListener("keydown", ({ key }) => key === "Enter" && isNumber(sift.text) && open(sift.text));
  addEventListener("hashchange", () => named() && named() !== detail.one?.number && open(named()));
  byId("only").addEventListener("change", () => {
    const { value } = byId("only");
    sift.set(value in WATCHES ? { watch: value, grade: "" } : { watch: "", grade: value });
  });
  byId("sort").addEventListener("change", () => sift.set({ sort: byId("sort").value }));
  byId("new").addEventListener("click", newReport);
  byId("newer").addEventListener("click", () => location.reload());
  byId("help").addEventListener("click", () => byId("keys").showModal());
  for (const link of document.querySelectorAll(".langs a"))
    link.addEventListener("click", () => { link.href = `${link.pathname}?${new URLSearchParams({ to: location.pathname + location.hash })}`; });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || byId("keys").open) return;
    if (event.key === "Escape") return event.target === byId("search") ? byId("list").focus() : back();
    if (event.target.closest("input, textarea, select")) return;
    if (event.target.closest("#list") && ARROWS[event.key]) {
      event.preventDefault();
      return list.step(ARROWS[event.key]);
    }
    const act = KEYS[event.key.toLowerCase()];
    if (act) {
      event.preventDefault();
      act();
    }
  });
}

function follow() {
  const live = new Live();
  const show = () => {
    const link = byId("link");
    link.dataset.state = live.state;
    link.lastElementChild.textContent = t(`link.${live.state}`, { n: live.seconds });
    if (live.state === "refused") refused();
    if (live.state === "live" && detail.failed) detail.open(detail.id, { focus: false });
  };
  live.addEventListener("incident", ({ detail: feature }) => incidents.put(feature));
  live.addEventListener("reload", load);
  live.addEventListener("state", show);
  live.addEventListener("edition", ({ detail: number }) => newer(number));
  setInterval(() => live.state === "stale" && show(), 1000);
  return live;
}

// The reader may no longer see incidents here: what is on the page is taken away.
function refused() {
  detail.shut();
  incidents.clear();
}

// Another edition took effect: its borders are drawn when the reader says so, at once where there were none.
function newer(number) {
  if (!facts.edition) return location.reload();
  const button = byId("newer");
  button.textContent = t("edition_newer", { number });
  button.hidden = false;
}

// The whole list. While it cannot be had, the page says why and asks again.
async function load() {
  try {
    await incidents.load();
  } catch (fault) {
    byId("link").dataset.state = "stale";
    byId("link").lastElementChild.textContent = fault.message;
    await new Promise((done) => setTimeout(done, AGAIN_MS));
    await load();
  }
}

function tick() {
  byId("clock").textContent = clockText();
}

build();
menus();
controls();
listen();
tick();
setInterval(tick, 10000);
if (sift.incident) open(sift.incident);
const live = follow();
await load();
live.start(incidents.cursor);
