// What the reader may do with an incident now: one of the steps that the service offers, with what it needs. It is taken on the revision that was read.

import { ask } from "./ask.js";
import { el } from "./dom.js";
import { facts, t } from "./words.js";

// `taken(feature)` gets the incident as it is after the step.
export function stepping(id, p, taken) {
  const told = el("p", { class: "sad", role: "alert" });
  const fields = {
    office: field("office", el("input", { class: "field", id: "step-office", list: "step-offices", maxlength: 50, autocomplete: "off" })),
    until: field("until", el("input", { class: "field", id: "step-until", type: "datetime-local" })),
    photo: field("photo", el("input", { class: "field", id: "step-photo", maxlength: 500, autocomplete: "off" })),
    reason: field("reason", el("textarea", { class: "field", id: "step-reason", maxlength: 500, placeholder: t("taking.placeholder") })),
  };
  const button = el("button", { class: "button main", type: "submit" });
  const choices = p.possible.map((step) => el("button", { type: "button", class: "button choice", value: step.step, onclick: () => choose(step) }, step.name));
  let chosen = null;

  function choose(step) {
    chosen = step;
    told.textContent = "";
    for (const choice of choices) choice.setAttribute("aria-pressed", String(choice.value === step.step));
    for (const [name, { part, input }] of Object.entries(fields)) {
      const needed = step.needs.includes(name);
      part.hidden = !needed && name !== "reason";
      input.required = needed;
    }
    button.textContent = step.name;
  }

  async function send(event) {
    event.preventDefault();
    const wanting = chosen.needs.find((name) => !fields[name].input.value.trim());
    told.textContent = wanting ? t("taking.needs", { field: t(`taking.${wanting}`) }) : "";
    if (wanting) return fields[wanting].input.focus();
    const body = { step: chosen.step, revision: p.revision };
    for (const [name, { part, input }] of Object.entries(fields)) if (!part.hidden && input.value.trim()) body[name] = input.value;
    button.disabled = true;
    try {
      const feature = await ask(`/api/incidents/${encodeURIComponent(id)}/steps`, { method: "POST", body });
      for (const { input } of Object.values(fields)) input.value = "";
      taken(feature);
    } catch (fault) {
      told.textContent = fault.message;
      button.disabled = false;
    }
  }

  choose(p.possible[0]);
  const offices = el("datalist", { id: "step-offices" }, facts.offices.map((office) => el("option", { value: office.code }, office.name)));
  const parts = Object.values(fields).map(({ part }) => part);
  return el("form", { class: "stepping", novalidate: true, onsubmit: send }, el("div", { class: "choices", role: "group", "aria-label": t("taking.title") }, choices), offices, parts, told, button);
}

function field(name, input) {
  return { input, part: el("div", {}, el("label", { for: input.id }, t(`taking.${name}`)), input) };
}
