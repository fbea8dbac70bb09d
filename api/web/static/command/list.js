// The list beside the map: the accessible equal of the map. Rows are kept and moved, never rebuilt, so that focus and scroll stay. Only one row is
// a stop of the Tab key (the others are reached by J, K and arrows), or the map behind the list would be two hundred stops away.

import { arrange, byId, el } from "./dom.js";
import { SORTS, by, isNumber } from "./sift.js";
import { signText, symbol, tag } from "./symbols.js";
import { age, count, date, isOver, left, t } from "./words.js";

const MOST = 200;

export class List {
  #rows = new Map(); // id → { node, revision }
  #box = byId("list");
  #pill = byId("fresh");
  #unseen = new Set();
  #more = el("li", { class: "more" });
  #none = el("li", { class: "none" });
  #heads = new Map(); // urgency → its heading
  #place = 0; // where the selected row stood
  #stop = null; // the row that the Tab key reaches
  selected = null;

  constructor(incidents, sift, open) {
    Object.assign(this, { incidents, sift, open });
    this.#pill.addEventListener("click", () => {
      this.#unseen.clear();
      this.#box.scrollTop = 0;
      sift.set({ sort: "newest" });
      this.#box.querySelector("button")?.focus({ preventScroll: true });
    });
    this.#box.addEventListener("focusin", ({ target }) => target.matches("button.row") && this.#stopAt(target));
    this.#box.addEventListener("scroll", () => this.#see(), { passive: true });
    setInterval(() => this.#tick(), 20000);
  }

  render(changes = new Map()) {
    const wanted = [...this.incidents.all.values()].filter((one) => this.sift.wants(one)).sort(SORTS[this.sift.sort]);
    const shown = wanted.slice(0, MOST);
    const ids = new Set(wanted.map((one) => one.id));
    for (const [id, how] of changes) if (how === "new" && ids.has(id)) this.#unseen.add(id);
    for (const id of [...this.#unseen]) if (!ids.has(id)) this.#unseen.delete(id);
    const nodes = this.#headed(shown, wanted, (one) => this.#row(one, changes.get(one.id)));
    const rest = wanted.length - shown.length;
    if (rest || this.incidents.more) nodes.push(this.#filled(this.#more, t("list.more", { n: rest ? count(rest) : "…" })));
    if (!wanted.length) nodes.push(this.#filled(this.#none, this.#nothing()));
    this.#place = this.place;
    arrange(this.#box, nodes);
    if (!this.#stop?.isConnected) this.#stopAt(this.#box.querySelector("button.row"));
    for (const id of this.#rows.keys()) if (!ids.has(id)) this.#rows.delete(id);
    this.#see();
    if ([...changes.values()].includes("new")) byId("spoken").textContent = t("list.spoken", { n: count(wanted.length) });
  }

  #nothing() {
    if (isNumber(this.sift.text)) return t("empty.number");
    return t(this.incidents.all.size ? "empty.filtered" : "empty.list");
  }

  select(id) {
    this.selected = id;
    for (const [other, row] of this.#rows) row.node.classList.toggle("selected", other === id);
  }

  hover(id, on) {
    this.#rows.get(id)?.node.classList.toggle("hover", on);
  }

  // J and K: the row after or before the focused one (or the selected one, or the first).
  step(by) {
    const buttons = [...this.#box.querySelectorAll("button.row")];
    const at = buttons.indexOf(document.activeElement);
    const from = at >= 0 ? at : buttons.findIndex((button) => button.dataset.id === this.selected);
    const next = buttons[from < 0 ? 0 : Math.min(Math.max(from + by, 0), buttons.length - 1)];
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
  }

  // Back to a row, or to the one that took its place when it left.
  focus(id, place = 0) {
    const rows = [...this.#box.querySelectorAll("button.row")];
    (rows.find((row) => row.dataset.id === id) ?? rows[Math.min(place, rows.length - 1)] ?? this.#box).focus({ preventScroll: true });
  }

  // The place of the selected row, or where it was before it left.
  get place() {
    const at = [...this.#box.querySelectorAll("button.row")].findIndex((row) => row.dataset.id === this.selected);
    return at < 0 ? this.#place : at;
  }

  shows(id) {
    return Boolean(this.#rows.get(id)?.node.isConnected);
  }

  focused() {
    return document.activeElement?.closest?.("button.row")?.dataset.id ?? null;
  }

  // Sorted by urgency, each urgency has a heading with its number.
  #headed(shown, wanted, row) {
    if (this.sift.sort !== "urgency") return shown.map(row);
    const many = by(wanted, (one) => one.urgency);
    let last = null;
    return shown.flatMap((one) => {
      const head = one.urgency === last ? [] : [this.#head(one.urgency, many.get(one.urgency).length)];
      last = one.urgency;
      return [...head, row(one)];
    });
  }

  #head(urgency, n) {
    if (!this.#heads.has(urgency)) this.#heads.set(urgency, el("li", { class: `head ${urgency}` }));
    return this.#filled(this.#heads.get(urgency), `${t(`urgency.${urgency}`)} · ${count(n)}`);
  }

  #stopAt(button) {
    if (this.#stop) this.#stop.tabIndex = -1;
    this.#stop = button;
    if (button) button.tabIndex = 0;
  }

  #filled(node, text) {
    node.textContent = text;
    return node;
  }

  #row(one, how) {
    const kept = this.#rows.get(one.id);
    if (kept?.revision === one.revision) return kept.node;
    const where = [one.village?.name ?? one.township?.name, one.cell?.name].filter(Boolean).join(" · ") || one.place || t("list.no_place");
    const triage = one.state === "triage";
    const button = el(
      "button",
      { class: "row", type: "button", tabindex: "-1", data: { id: one.id }, onclick: () => this.open(one.id) },
      symbol(one, 26),
      el("span", { class: "sr" }, `${signText(one)}: `),
      el(
        "span",
        { class: "first" },
        el("span", { class: "what" }, one.issue.name),
        one.grade === "general" ? null : tag(one.grade, t(`grade.${one.grade}`)),
        one.due_at ? pressing(one) : null,
        el("time", { class: "when", datetime: one.at, title: date(one.at) }, age(one.at)),
      ),
      el("span", { class: "second" }, el("span", { class: "where" }, where), triage ? null : el("span", { class: "who" }, one.worker ?? t("list.no_worker"))),
      one.state === "dispatched" && !one.owed && !one.supervised_until ? null : el("span", { class: "third" }, standing(one)),
    );
    const node = kept?.node ?? el("li");
    const hadFocus = node.contains(document.activeElement), wasStop = node.contains(this.#stop);
    node.replaceChildren(button);
    if (wasStop) this.#stopAt(button);
    if (hadFocus) button.focus({ preventScroll: true });
    node.classList.toggle("selected", one.id === this.selected);
    if (how === "new") {
      node.classList.add("arrived");
      setTimeout(() => node.classList.remove("arrived"), 2500);
    }
    this.#rows.set(one.id, { node, revision: one.revision });
    return node;
  }

  // A new row that is in view has been seen; of the others the pill tells.
  #see() {
    const top = this.#box.scrollTop, bottom = top + this.#box.clientHeight;
    for (const id of [...this.#unseen]) {
      const node = this.#rows.get(id)?.node;
      if (node?.isConnected && node.offsetTop >= top - 4 && node.offsetTop < bottom - 20) this.#unseen.delete(id);
    }
    this.#pill.hidden = !this.#unseen.size;
    if (this.#unseen.size) this.#pill.textContent = t("list.fresh", { n: this.#unseen.size });
    document.title = this.#unseen.size ? `(${this.#unseen.size}) ${t("title")}` : t("title");
  }

  #tick() {
    for (const { node } of this.#rows.values()) {
      const time = node.querySelector("time.when"), due = node.querySelector(".due");
      time.textContent = age(time.dateTime);
      if (due) tell(due);
    }
  }
}

// Where it stands, whether it is supervised, and how many other offices still owe an answer.
function standing(one) {
  const state = (one.state === "triage" && one.reason) || t(`state.${one.state}`);
  return [one.supervised_until ? tag("supervised", t("supervised")) : null, " ", one.owed ? `${state} · ${t("list.owed", { n: one.owed })}` : state];
}

// How long the clock that presses still has; the title says which that is.
function pressing(one) {
  return tell(el("time", { class: "due", datetime: one.due_at, title: t("due.by", { clock: t(`clock.${one.clock}`), at: date(one.due_at) }) }));
}

function tell(due) {
  due.textContent = left(due.dateTime);
  due.classList.toggle("over", isOver(due.dateTime));
  return due;
}
