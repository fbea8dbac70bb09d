// What the reader may do with an incident now: one of the steps that the service offers, with what it needs. It is taken on the revision that was read.

import { ask } from "./ask.js";
import { el } from "./dom.js";
import { GRADES } from "./incidents.js";
import { issueBox } from "./issue_box.js";
import { brought, chooser } from "./photos.js";
import { facts, t } from "./words.js";

const SATISFIED = ["yes", "mostly", "no"];
// What is beside the way from office to office; everything else is on it.
const BESIDE = {
  others: ["assist", "whistle", "upward", "inform", "withdraw"],
  watched: ["supervise", "release"],
  mended: ["regrade", "retype", "relocate", "rehome", "merge"],
};
const ARRIVES = (task) => task.yours && task.kind === "whistle" && !task.arrived;
// Which of the incident's tasks a step is about.
const ABOUT = { arrive: ARRIVES, answer: (task) => task.yours, withdraw: (task) => task.owed };
// What a photo shows well, also where none is asked for.
const SHOWN = ["handle", "settle", "inspect"];
let types = null; // the catalogue, once somebody needed it

// `taken(feature)` gets the incident as it is after the step. `picker` chooses a place on the map.
export function stepping(id, p, picker, taken) {
  const told = el("p", { class: "sad", role: "alert" });
  const shown = p.template === "dispute" ? [] : SHOWN;
  const issue = issueBox(() => types ?? [], "step-issue");
  const fields = {
    task: field("task", el("select", { class: "field", id: "step-task" })),
    office: office(),
    until: field("until", el("input", { class: "field", id: "step-until", type: "datetime-local" })),
    grade: field("grade", select("step-grade", GRADES.filter((grade) => grade !== p.grade), (grade) => t(`grade.${grade}`))),
    issue: { input: issue.input, part: labelled("issue", "step-issue", issue.node), value: issue.code, clear: issue.clear },
    place: placed(picker),
    into: field("into", el("input", { class: "field", id: "step-into", maxlength: 50, autocomplete: "off", placeholder: "2026-000123" })),
    agreement: field("agreement", el("input", { class: "field", id: "step-agreement", maxlength: 500, autocomplete: "off" })),
    satisfied: field("satisfied", select("step-satisfied", SATISFIED, (said) => t(`satisfied.${said}`))),
    photo: photo(p.photo_addable),
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
      part.hidden = !needed && name !== "reason" && !(name === "photo" && shown.includes(step.step));
      input.required = needed;
    }
    fields.photo.label.textContent = t(step.needs.includes("photo") ? "taking.photo" : "taking.photo_also");
    const about = p.tasks.filter(ABOUT[step.step] ?? (() => false));
    fields.task.input.replaceChildren(...about.map((task) => el("option", { value: task.number }, `${task.number} · ${task.name} · ${task.office?.name ?? ""}`)));
    if (step.needs.includes("place")) picker.start();
    else picker.stop();
    if (step.needs.includes("issue")) catalogue();
    button.textContent = step.name;
  }

  async function catalogue() {
    try {
      types ??= (await ask("/api/issue-types")).issue_types;
      issue.refresh();
    } catch (fault) {
      told.textContent = fault.message;
    }
  }

  async function send(event) {
    event.preventDefault();
    const given = Object.fromEntries(Object.entries(fields).filter(([, { part }]) => !part.hidden).map(([name, { value }]) => [name, value()]));
    const file = "photo" in given ? fields.photo.file?.files[0] : null;
    const wanting = chosen.needs.find((name) => !given[name] && !(name === "photo" && file));
    told.textContent = wanting ? t("taking.needs", { field: t(`taking.${wanting}`) }) : "";
    if (wanting) return fields[wanting].input.focus();
    const body = { step: chosen.step, revision: p.revision };
    for (const [name, value] of Object.entries(given)) if (value) body[name] = name === "task" ? Number(value) : value;
    button.disabled = true;
    try {
      if (file) body.photo = await brought(id, file);
      const feature = await ask(`/api/incidents/${encodeURIComponent(id)}/steps`, { method: "POST", body });
      for (const { clear } of Object.values(fields)) clear();
      picker.stop();
      taken(feature);
    } catch (fault) {
      told.textContent = fault.message;
      button.disabled = false;
    }
  }

  const offices = el("datalist", { id: "step-offices" }, facts.offices.map((office) => el("option", { value: called(office) }, office.code)));
  const form = el("form", { class: "stepping", novalidate: true, onsubmit: send }, ...grouped(choices), offices, Object.values(fields).map(({ part }) => part), told, button);
  choose(p.possible[0]);
  return form;
}

// The way on first; what is beside it, in groups that are opened where they are wanted.
function grouped(choices) {
  const beside = Object.values(BESIDE).flat();
  const group = (title, steps) => el("div", { class: "choices", role: "group", "aria-label": title }, steps);
  const onward = choices.filter((choice) => !beside.includes(choice.value));
  const groups = Object.entries(BESIDE).flatMap(([name, steps]) => {
    const own = choices.filter((choice) => steps.includes(choice.value));
    return own.length ? [el("p", { class: "soft" }, t(`taking.${name}`)), group(t(`taking.${name}`), own)] : [];
  });
  const more = groups.length ? [el("details", { class: "beside", open: !onward.length }, el("summary", {}, t("taking.more")), groups)] : [];
  return [...(onward.length ? [group(t("taking.title"), onward)] : []), ...more];
}

// An office is shown by its name, with its code where others are called so, too.
function called({ code, name }) {
  return facts.offices.filter((office) => office.name === name).length > 1 ? `${name} (${code})` : name;
}

// Its code or what is shown of it is typed or chosen; what fits none is sent as it is, and the service says so.
function office() {
  const own = field("office", el("input", { class: "field", id: "step-office", list: "step-offices", maxlength: 300, autocomplete: "off" }));
  const typed = own.value;
  return { ...own, value: () => facts.offices.find((one) => [one.code, called(one)].includes(typed()))?.code ?? typed() };
}

// A file, or the name of one that is kept elsewhere.
function photo(addable) {
  const named = field("photo", el("input", { class: "field", id: "step-photo", maxlength: 500, autocomplete: "off" }));
  const file = addable ? chooser("step-photo-file") : null;
  const part = el("div", {}, file ? labelled("photo_file", file.id, file) : null, named.part);
  return { ...named, file, part, label: named.part.querySelector("label"), clear: () => { named.clear(); if (file) file.value = ""; } };
}

function field(name, input) {
  return { input, part: labelled(name, input.id, input), value: () => input.value.trim(), clear: () => { input.value = ""; } };
}

function labelled(name, id, ...controls) {
  return el("div", {}, el("label", { for: id }, t(`taking.${name}`)), controls);
}

function select(id, values, said) {
  return el("select", { class: "field", id }, values.map((value) => el("option", { value }, said(value))));
}

// The pin's new place.
function placed(picker) {
  picker.clear(t("taking.pick"));
  const [told, middle] = picker.nodes;
  const value = () => (picker.at ? `${picker.at.lon},${picker.at.lat}` : "");
  return { input: middle, part: el("div", {}, el("span", { class: "label" }, t("taking.place")), told, middle), value, clear: () => picker.clear() };
}
