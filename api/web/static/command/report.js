// A new report from the desk: what, where (a click on the map), and at once whose it would be. Its photos follow once it is kept; the form
// stays until they are there.

import { ask } from "./ask.js";
import { byId, el } from "./dom.js";
import { issueBox } from "./issue_box.js";
import { bringAll, chooser, named } from "./photos.js";
import { Picker } from "./picker.js";
import { instant, local, now, t } from "./words.js";

const CHANNELS = ["hotline", "window", "resident", "worker", "patrol", "upper_level"];

export class ReportForm {
  open = false;
  #panel = byId("panel");
  #types = null;
  #coming = null; // the catalogue, asked for once
  #kept = null; // what was filled in and not sent
  #answer = null; // the service's, once the report is kept and photos are still to come
  #photos = new Map(); // those that are to come: name to file

  constructor(map, { sent, shut }) {
    Object.assign(this, { map, sent, onshut: shut, picker: new Picker(map) });
  }

  async show() {
    this.open = true;
    if (this.#kept) this.#panel.replaceChildren(...this.#kept);
    else this.#fresh();
    this.#panel.hidden = false;
    this.picker.start();
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
    this.picker.clear();
    this.key = crypto.randomUUID(); // one key for one form: pressed twice, kept once
    this.#answer = null;
    this.issue = issueBox(() => this.#types ?? [], "report-issue");
    this.text = el("textarea", { class: "field", id: "report-text", maxlength: 5000 });
    this.place = el("input", { class: "field", id: "report-place", maxlength: 500 });
    this.channel = el("select", { class: "field", id: "report-channel" }, CHANNELS.map((name) => el("option", { value: name }, t(`channel.${name}`))));
    this.at = el("input", { class: "field", id: "report-at", type: "datetime-local", max: local(now()) });
    this.contact = el("input", { class: "field", id: "report-contact", maxlength: 100, autocomplete: "off", "aria-describedby": "report-contact-hint" });
    this.photos = chooser("report-photos", { multiple: true });
    this.told = el("p", { class: "sad", role: "alert" });
    this.button = el("button", { class: "button main", type: "submit" }, t("report.send"));
    const shut = el("button", { class: "button quiet shut", type: "button", title: "Esc", "aria-label": t("back"), onclick: () => this.shut() }, "✕");
    this.#panel.replaceChildren(
      el("header", { class: "head" }, el("div", {}, el("h2", { id: "panel-title", tabindex: "-1" }, t("report.title")), el("p", { class: "soft" }, t("report.hint"))), shut),
      el(
        "form",
        { class: "report", novalidate: true, onsubmit: (event) => this.#send(event) },
        this.#fields(),
        this.told,
        this.button,
      ),
    );
  }

  #fields() {
    this.asked = el(
      "fieldset",
      {},
      field("report-issue", t("report.issue"), this.issue.node),
      field(null, t("report.where"), ...this.picker.nodes),
      field("report-place", t("report.place"), this.place),
      field("report-text", t("report.text"), this.text),
      field("report-photos", t("report.photos"), this.photos),
      field("report-at", t("report.at"), this.at),
      field("report-channel", t("report.channel"), this.channel),
      field("report-contact", t("report.contact"), this.contact, el("p", { class: "soft", id: "report-contact-hint" }, t("report.contact_hint"))),
    );
    return this.asked;
  }

  // Shut without sending: what was filled in comes back with the next N.
  shut() {
    if (!this.open) return;
    this.open = false;
    this.#kept = this.#answer ? null : [...this.#panel.childNodes];
    this.picker.stop();
    this.#panel.hidden = true;
    this.onshut();
  }

  // What is sent, or nothing and a sentence that says what is missing.
  #body() {
    const body = { issue: this.issue.code(), channel: this.channel.value, text: this.text.value, place: this.place.value, key: this.key }, at = this.picker.at;
    if (at) Object.assign(body, at, { datum: "wgs84" });
    if (this.at.value) body.at = instant(this.at.value);
    if (this.contact.value.trim()) body.contact = this.contact.value.trim();
    if (body.issue && (at || body.place.trim())) return body;
    this.told.textContent = t(body.issue ? "report.needs_place" : "report.needs_issue");
    (body.issue ? this.place : this.issue.input).focus();
    return null;
  }

  async #send(event) {
    event.preventDefault();
    this.button.disabled = true;
    try {
      await this.#catalogue(); // a code is typed more quickly than the catalogue comes
      if (!this.#answer) await this.#keep();
      if (this.#answer) await this.#bring();
    } catch (fault) {
      this.told.textContent = fault.message;
    }
    this.button.disabled = false;
  }

  async #keep() {
    this.#photos = new Map(await Promise.all([...this.photos.files].map(async (file) => [await named(file), file])));
    const body = this.open ? this.#body() : null; // whoever shut it meanwhile sends nothing
    if (!body) return;
    if (this.#photos.size) body.photos = [...this.#photos.keys()];
    this.#answer = await ask("/api/reports", { method: "POST", body });
    this.#kept = null;
    this.asked.disabled = true; // what is kept changes no more here
  }

  // The report is kept: what fails now are photos, which can be sent again.
  async #bring() {
    const answer = this.#answer;
    const failed = await bringAll(answer.report, this.#photos, (text) => { this.button.textContent = text; });
    this.#photos = new Map([...this.#photos].filter(([name]) => failed.has(name)));
    if (!this.open || this.#answer !== answer) return; // shut meanwhile: the incident tells what is still to come
    if (failed.size) {
      this.told.textContent = t("report.photos_failed", { number: answer.number, faults: [...failed.values()].join(" ") });
      this.button.textContent = t("report.photos_again");
      this.button.scrollIntoView({ block: "nearest" });
      return;
    }
    this.shut();
    this.sent(answer.incident);
  }
}

function field(id, title, ...controls) {
  return el("div", { class: "asked" }, id ? el("label", { for: id }, title) : el("span", { class: "label" }, title), controls);
}
