// One incident whole: what, where, who must act, why, and what happened. Texts of reporters are only ever text nodes.

import { ask } from "./ask.js";
import { byId, el } from "./dom.js";
import { ENDED } from "./incidents.js";
import { beside } from "./nearby.js";
import { shots } from "./photos.js";
import { symbol, tag } from "./symbols.js";
import { Picker } from "./picker.js";
import { stepping } from "./steps.js";
import { age, date, isOver, left, may, metres, percent, t } from "./words.js";


export class Detail {
  id = null;
  one = null; // the incident that is shown, flat
  #panel = byId("panel");
  #asked = 0;
  #filled = null; // what the panel shows
  #revision = 0;

  // `shown(one)` when one is shown, `closed(id)` when it is shut, `stepped(feature)` when it went on here.
  constructor(map, { go, closed, shown, stepped }) {
    Object.assign(this, { go, closed, shown, stepped, picker: new Picker(map) });
  }

  // By its id or number, also what has ended; whether it is shown now. With `over` not set, what somebody writes here meanwhile is left alone.
  async open(id, { focus = true, over = true } = {}) {
    const turn = ++this.#asked;
    if (id !== this.id) this.#revision = 0;
    this.id = id;
    this.#filled ??= "";
    try {
      const feature = await ask(`/api/incidents/${encodeURIComponent(id)}`);
      const known = feature.properties.revision <= this.#revision; // a step's own answer came first: what was chosen since stays chosen
      if (turn !== this.#asked || (!over && (known || this.#writing()))) return false;
      this.#show(feature);
      if (focus) this.#panel.querySelector("h2").focus({ preventScroll: true });
      return true;
    } catch (fault) {
      if (turn !== this.#asked || (!over && this.#writing())) return false;
      this.one = null;
      const again = fault.status === 0 || fault.status >= 500;
      this.#fill(again ? null : "", el("header", { class: "head" }, el("h2", { id: "panel-title", tabindex: "-1" }, t("detail.failed")), this.#shut()), el("p", { class: "sad", role: "alert" }, fault.message));
      return false;
    }
  }

  // Whether it could not be had: shown when the service is back.
  get failed() {
    return this.id !== null && this.#filled === null;
  }

  // It changed elsewhere: shown anew, unless somebody is writing here, or it is what is shown already.
  refresh(id, revision) {
    if (revision !== undefined && revision <= this.#revision) return;
    if (id === this.id && !this.#writing()) this.open(id, { focus: false, over: false });
  }

  // Who stands in a field is about to write: without it their first letters would be taken for keys of the page.
  #writing() {
    return this.picker.at || [...this.#panel.querySelectorAll("textarea, input")].some((field) => field.value || field === document.activeElement);
  }

  shut() {
    if (this.id === null) return;
    const id = this.id;
    ++this.#asked;
    this.id = this.one = null;
    this.picker.clear();
    this.picker.stop();
    this.#panel.hidden = true;
    this.#panel.querySelector(".contacts")?.remove(); // what was shown for a purpose does not stay behind
    this.closed(id);
  }

  #shut() {
    return el("button", { class: "button quiet shut", type: "button", title: "Esc", "aria-label": t("back"), onclick: () => this.shut() }, "✕");
  }

  #fill(id, ...children) {
    const scroll = id !== null && id === this.#filled ? this.#panel.scrollTop : 0;
    this.#panel.replaceChildren(...children.filter(Boolean));
    this.#panel.classList.remove("low");
    this.#panel.hidden = false;
    this.#panel.scrollTop = scroll;
    this.#filled = id;
  }

  #show({ id, geometry, properties: p }) {
    this.picker.stop();
    this.picker.clear();
    const [lon, lat] = geometry?.coordinates ?? [null, null];
    const one = { ...p, id, lon, lat };
    this.id = id; // also where it was asked for by its number
    this.one = one;
    this.#revision = p.revision;
    const tags = [tag(p.state, t(`state.${p.state}`)), tag(p.grade, t(`grade.${p.grade}`)), tag("urgency", t(`urgency.${p.urgency}`)), p.supervised_until ? tag("supervised", t("supervised")) : null];
    const page = el("a", { class: "button", href: `/incidents/${encodeURIComponent(p.number)}` }, t("detail.page"));
    const go = geometry ? el("button", { class: "button", type: "button", title: "G", onclick: () => this.go() }, t("detail.go")) : null;
    this.#fill(
      id,
      el("header", { class: "head" }, symbol(one, 40), el("div", {}, el("h2", { id: "panel-title", tabindex: "-1" }, p.issue.name), el("p", { class: "soft" }, p.number)), this.#shut()),
      el("p", { class: "tags" }, tags.filter(Boolean)),
      p.supervised_until ? el("p", { class: "watched" }, t("detail.supervised", { who: p.supervised_by, at: date(p.supervised_until) })) : null,
      p.merged_into ? el("p", {}, el("a", { href: `#${new URLSearchParams({ incident: p.merged_into })}` }, t("detail.merged", { into: p.merged_into }))) : null,
      p.due_at ? pressing(p) : null,
      p.text ? el("blockquote", {}, p.text) : null,
      el("p", { class: "soft" }, `${t(`channel.${p.channel}`)} · `, el("time", { datetime: p.at, title: p.at }, `${date(p.at)} (${age(p.at)})`)),
      p.photos.length ? part(t("photos.title"), ...shots(p)) : null,
      part(t("detail.where"), where(p), el("p", { class: "actions" }, go, page)),
      part(t("detail.who"), person(t("detail.worker"), p.worker), person(t("detail.backup"), p.backup), person(t("detail.office"), p.office)),
      p.tasks.length ? part(t("tasks.title"), el("ol", { class: "tasks" }, p.tasks.map(asked))) : null,
      ENDED.includes(p.state) ? null : beside(id, p, { look: (other) => this.open(other), merged: (other) => this.open(other) }),
      p.contacts.length ? this.#contact(id, p) : null,
      part(t("detail.why"), el("ol", { class: "why" }, p.reasons.map((reason) => el("li", {}, reason.text)))),
      part(t("detail.log"), el("ol", { class: "log" }, p.log.map(logged))),
      p.possible.length || p.waiting.length
        ? part(
            t("taking.title"),
            p.waiting.length ? el("ul", { class: "waiting soft" }, p.waiting.map((why) => el("li", {}, why))) : null,
            p.possible.length ? stepping(id, p, this.picker, (feature) => this.#taken(feature)) : null,
          )
        : null,
    );
    this.shown(one);
  }

  // The reporters' contacts, masked; in full for a purpose, which the log keeps. They are gone from the page with the panel.
  #contact(id, p) {
    const told = el("p", { class: "sad", role: "alert" });
    const list = el("ul", { class: "contacts", "aria-live": "polite" }, p.contacts.map((one) => reached(one.masked, one.kept_until)));
    if (!p.contact_readable) return part(t("contact.title"), list);
    const purpose = el("input", { class: "field", id: "purpose", required: true, maxlength: 200, autocomplete: "off", placeholder: t("contact.placeholder") });
    const button = el("button", { class: "button", type: "submit" }, t("contact.show"));
    const send = async (event) => {
      event.preventDefault();
      told.textContent = purpose.value.trim() ? "" : t("contact.needs_purpose");
      if (!purpose.value.trim()) return purpose.focus();
      button.disabled = true;
      try {
        const { contacts } = await ask(`/api/incidents/${encodeURIComponent(id)}/contact`, { method: "POST", body: { purpose: purpose.value } });
        list.replaceChildren(...contacts.map((one) => reached(one.contact, one.kept_until)));
      } catch (fault) {
        told.textContent = fault.message;
      }
      button.disabled = false;
    };
    const form = el("form", { class: "reaching", novalidate: true, onsubmit: send }, el("label", { for: "purpose" }, t("contact.purpose")), purpose, told, button);
    return part(t("contact.title"), list, form);
  }

  // It is shown as it is now, also when it is over: what is still possible stays within reach.
  #taken(feature) {
    if (feature === null) return this.shut(); // it was given away; the stream tells the list
    this.#show(feature);
    this.#panel.querySelector("h2").focus({ preventScroll: true });
    this.stepped(feature);
  }
}

function part(title, ...children) {
  return el("section", {}, el("h3", {}, title), children);
}

// What must be done by when, and how long that still is.
function pressing(p) {
  const told = t("due.by", { clock: t(`clock.${p.clock}`), at: date(p.due_at) });
  return el("p", { class: isOver(p.due_at) ? "due over" : "due" }, el("time", { datetime: p.due_at, title: p.due_at }, `${told} (${left(p.due_at)})`));
}

function where(p) {
  const path = ["township", "village", "cell"].filter((level) => p[level]);
  const rows = path.map((level) => el("div", {}, el("dt", {}, t(`of.${level}`)), el("dd", {}, p[level].name, " ", el("code", {}, p[level].code))));
  if (p.village && may("sheet.print")) {
    const sheet = el("a", { href: `/print?code=${encodeURIComponent(p.village.code)}` }, t("detail.sheet"));
    rows.push(el("div", {}, el("dt", {}, t("detail.map")), el("dd", {}, sheet)));
  }
  if (p.place) rows.push(el("div", {}, el("dt", {}, t("detail.place")), el("dd", {}, p.place)));
  if (p.edition) rows.push(el("div", {}, el("dt", {}, t("detail.edition")), el("dd", {}, String(p.edition))));
  if (p.how) rows.push(el("div", {}, el("dt", {}, t("detail.sure")), el("dd", {}, sure(p))));
  const own = path.length ? p[path.at(-1)].code : null;
  const others = p.candidates.filter((one) => one.code !== own).map((one) => el("p", {}, `${one.path.slice(1).reverse().join(t("comma"))} `, el("code", {}, percent(one.share))));
  if (others.length) rows.push(el("div", {}, el("dt", {}, t("detail.candidates")), el("dd", {}, others)));
  return el("dl", { class: "facts" }, rows);
}

function sure(p) {
  const how = t(`how.${p.how}`);
  if (p.how === "border" && p.border_m !== null) return t("detail.from_border", { d: metres(p.border_m) });
  if (p.distance_m > 0) return `${how}${t("comma")}${t("detail.away", { d: metres(p.distance_m) })}`;
  return p.border_m === null ? how : `${how}${t("comma")}${t("detail.from_border", { d: metres(p.border_m) })}`;
}

function person(title, named) {
  const phone = named?.phone ? el("a", { class: "phone", href: `tel:${named.phone.replace(/[^\d+]/g, "")}` }, named.phone) : null;
  return el("div", { class: "person" }, el("span", { class: "soft" }, title), named ? el("b", {}, named.name) : el("em", {}, t("detail.nobody")), phone);
}

// What another office was asked for, and how far it is.
function asked(task) {
  const term = task.until ? el("time", { datetime: task.until, title: task.until, class: task.overdue ? "due over" : "due" }, task.owed ? `${date(task.until)} (${left(task.until)})` : date(task.until)) : null;
  const who = el("span", {}, el("b", {}, task.office?.name ?? t("detail.nobody")), ` · ${task.number} · ${task.name}`);
  return el("li", { class: task.yours ? "yours" : null }, who, tag(task.overdue ? "late" : task.standing, t(`standing.${task.standing}`)), term);
}

function reached(contact, until) {
  return el("li", {}, el("b", {}, contact), el("span", { class: "soft" }, t("contact.until", { day: date(until).split(" ")[0] })));
}

function logged(row) {
  const { note, purpose, reason } = row.facts;
  const also = row.what === "receive" ? [] : row.told.map(({ label, value, at }) => `${label}: ${value ?? date(at)}`);
  return el("li", {}, el("time", { datetime: row.at, title: row.at }, date(row.at)), el("span", {}, [row.name, row.actor, ...also].filter(Boolean).join(" · ")), quoted(note ?? purpose ?? reason));
}

function quoted(text) {
  return text ? el("q", {}, text) : null;
}
