// A new report from the desk: what, where (a click on the map), and at once whose it would be.

import { ask } from "./ask.js";
import { byId, el } from "./dom.js";
import { t } from "./words.js";

const CHANNELS = ["hotline", "window", "resident", "worker", "patrol", "upper_level"];
const OFFERED = 60;

export class ReportForm {
  open = false;
  #panel = byId("panel");
  #pin = null;
  #at = null;
  #types = null;
  #coming = null; // the catalogue, asked for once
  #turn = 0;
  #kept = null; // what was filled in and not sent

  constructor(map, { sent, shut }) {
    Object.assign(this, { map, sent, onshut: shut });
    map.on("click", (event) => this.open && this.#pick(event.latlng));
  }

  async show() {
    this.open = true;
    if (this.#kept) this.#panel.replaceChildren(...this.#kept);
    else this.#fresh();
    if (this.#pin) this.#pin.addTo(this.map);
    this.#panel.classList.add("low");
    this.#panel.hidden = false;
    byId("picking").hidden = false;
    this.map.getContainer().classList.add("picks");
    this.issue.input.focus();
    try {
      await this.#catalogue();
      this.issue.refresh();
    } catch (fault) {
      this.told.textContent = fault.message;
    }
  }

  async #catalogue() {
    this.#coming ??= ask("/api/issue-types");
    try {
      this.#types = (await this.#coming).issue_types;
    } catch (fault) {
      this.#coming = null;
      throw fault;
    }
  }

  #fresh() {
    this.#at = null;
    this.#pin = null;
    this.key = crypto.randomUUID(); // one key for one form: pressed twice, kept once
    this.issue = issueBox(() => this.#types ?? []);
    this.text = el("textarea", { class: "field", id: "report-text", maxlength: 5000 });
    this.place = el("input", { class: "field", id: "report-place", maxlength: 500 });
    this.channel = el("select", { class: "field", id: "report-channel" }, CHANNELS.map((name) => el("option", { value: name }, t(`channel.${name}`))));
    this.point = el("p", { class: "point", role: "status" }, t("report.pick"));
    const middle = el("button", { class: "button small", type: "button", onclick: () => this.#pick(this.#middle()) }, t("report.middle"));
    this.told = el("p", { class: "sad", role: "alert" });
    this.button = el("button", { class: "button main", type: "submit" }, t("report.send"));
    const shut = el("button", { class: "button quiet shut", type: "button", title: "Esc", "aria-label": t("back"), onclick: () => this.shut() }, "✕");
    this.#panel.replaceChildren(
      el("header", { class: "head" }, el("div", {}, el("h2", { id: "panel-title", tabindex: "-1" }, t("report.title")), el("p", { class: "soft" }, t("report.hint"))), shut),
      el(
        "form",
        { class: "report", novalidate: true, onsubmit: (event) => this.#send(event) },
        field("report-issue", t("report.issue"), this.issue.node),
        field(null, t("report.where"), this.point, middle),
        field("report-place", t("report.place"), this.place),
        field("report-text", t("report.text"), this.text),
        field("report-channel", t("report.channel"), this.channel),
        this.told,
        this.button,
      ),
    );
  }

  // Shut without sending: what was filled in comes back with the next N.
  shut() {
    if (!this.open) return;
    this.open = false;
    this.#kept = [...this.#panel.childNodes];
    this.#pin?.remove();
    this.#panel.hidden = true;
    byId("picking").hidden = true;
    this.map.getContainer().classList.remove("picks");
    this.onshut();
  }

  async #pick({ lat, lng }) {
    const turn = ++this.#turn;
    this.#at = { lon: Number(lng.toFixed(7)), lat: Number(lat.toFixed(7)) };
    this.#pin?.remove();
    this.#pin = L.marker([lat, lng], { pane: "signs", zIndexOffset: 2000, icon: L.divIcon({ className: "picked", iconSize: [26, 26], html: el("i") }), keyboard: false, interactive: false }).addTo(this.map);
    const shown = `${this.#at.lon.toFixed(5)}, ${this.#at.lat.toFixed(5)}`;
    this.point.textContent = shown;
    try {
      const found = await ask(`/api/match?lon=${this.#at.lon}&lat=${this.#at.lat}&datum=wgs84`);
      if (turn !== this.#turn) return;
      const names = ["township", "village", "cell"].map((level) => found[level]?.name).filter(Boolean);
      this.point.replaceChildren(el("b", {}, names.length ? names.join(" › ") : t("report.outside")), el("small", {}, shown));
    } catch (fault) {
      if (turn === this.#turn) this.point.textContent = `${shown}: ${fault.message}`;
    }
  }

  // The middle of what the panel leaves of the map: for those who move the map by its keys.
  #middle() {
    const { x, y } = this.map.getSize(), aside = this.#panel.offsetWidth < x / 2 ? this.#panel.offsetWidth : 0;
    return this.map.containerPointToLatLng([(x - aside) / 2, y / 2]);
  }

  // What is sent, or nothing and a sentence that says what is missing.
  #body() {
    const body = { issue: this.issue.code(), channel: this.channel.value, text: this.text.value, place: this.place.value, key: this.key };
    if (this.#at) Object.assign(body, this.#at, { datum: "wgs84" });
    if (body.issue && (this.#at || body.place.trim())) return body;
    this.told.textContent = t(body.issue ? "report.needs_place" : "report.needs_issue");
    (body.issue ? this.place : this.issue.input).focus();
    return null;
  }

  async #send(event) {
    event.preventDefault();
    this.button.disabled = true;
    try {
      await this.#catalogue(); // a code is typed more quickly than the catalogue comes
      const body = this.open ? this.#body() : null; // whoever shut it meanwhile sends nothing
      if (body) {
        const answer = await ask("/api/reports", { method: "POST", body });
        this.shut();
        this.#kept = null;
        this.sent(answer.incident);
      }
    } catch (fault) {
      this.told.textContent = fault.message;
    }
    this.button.disabled = false;
  }
}

function field(id, title, ...controls) {
  return el("div", { class: "asked" }, id ? el("label", { for: id }, title) : el("span", { class: "label" }, title), controls);
}

// A type-ahead over the catalogue: by name, group or code; arrows, Enter and Escape work (ARIA combobox).
function issueBox(types) {
  let offered = [], active = -1, chosen = null;
  let early = false;  // Enter came before the catalogue did
  const input = el("input", { class: "field", id: "report-issue", role: "combobox", autocomplete: "off", spellcheck: "false", "aria-expanded": "false", "aria-controls": "report-issues", "aria-autocomplete": "list", placeholder: t("report.issue_hint") });
  const list = el("ul", { class: "offers", id: "report-issues", role: "listbox", hidden: true });

  function take(one) {
    chosen = one;
    input.value = one.name;
    hide();
  }
  function hide() {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }
  function mark(at) {
    active = offered.length ? (at + offered.length) % offered.length : -1;
    [...list.children].forEach((node, i) => node.setAttribute("aria-selected", String(i === active)));
    if (active >= 0) {
      input.setAttribute("aria-activedescendant", `issue-${active}`);
      list.children[active].scrollIntoView({ block: "nearest" });
    }
  }
  function offer() {
    const words = input.value.toLowerCase().split(/\s+/);
    offered = types().filter((one) => words.every((word) => `${one.name} ${one.group} ${one.code}`.toLowerCase().includes(word))).slice(0, OFFERED);
    list.replaceChildren(
      ...offered.map((one, i) =>
        el("li", { id: `issue-${i}`, role: "option", "aria-selected": "false", onmousedown: (event) => { event.preventDefault(); take(one); } }, el("span", {}, one.name), el("small", {}, `${one.group} · ${one.code}`)),
      ),
    );
    list.hidden = !offered.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    mark(0);
  }
  input.addEventListener("input", () => { chosen = null; early = false; offer(); });
  input.addEventListener("focus", offer);
  input.addEventListener("blur", hide);
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) offer();
      else mark(active + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter" && !list.hidden && active >= 0) {
      event.preventDefault();
      take(offered[active]);
    } else if (event.key === "Enter" && input.value && !types().length) {
      event.preventDefault();
      early = true;
    } else if (event.key === "Escape" && !list.hidden) {
      event.stopPropagation();
      hide();
    }
  });
  function refresh() {
    if (early || document.activeElement === input) offer();
    if (early && active >= 0) take(offered[active]);
    early = false;
  }
  const typed = () => types().find((one) => one.name === input.value.trim() || one.code === input.value.trim());
  return { node: el("div", { class: "box" }, input, list), input, code: () => (chosen ?? typed())?.code ?? "", refresh };
}
