// What may be the same matter: open incidents of the same type beside this one, each to be looked at, or to merge this one into.

import { ask } from "./ask.js";
import { el } from "./dom.js";
import { age, may, metres, t } from "./words.js";

// Stays empty, and so unseen, until there is something beside it. `merged(number)` when this one became a part of another.
export function beside(id, p, { look, merged }) {
  const section = el("section", { class: "nearby", hidden: true });
  fill(section, id, p, { look, merged });
  return section;
}

async function fill(section, id, p, doing) {
  try {
    const { features } = await ask(`/api/incidents/${encodeURIComponent(id)}/nearby`);
    if (!features.length) return;
    const told = el("p", { class: "sad", role: "alert" });
    const rows = features.map((one) => row(one, id, p, doing, told));
    section.replaceChildren(el("h3", {}, t("nearby.title")), el("ul", { class: "contacts" }, rows), told);
    section.hidden = false;
  } catch {
    // A suggestion that cannot be had is none: the incident itself is shown.
  }
}

function row({ id: other, properties: o }, id, p, { look, merged }, told) {
  const text = `${metres(o.distance_m)} · ${t(`state.${o.state}`)} · ${age(o.at)}`;
  const open = el("button", { class: "button quiet", type: "button", onclick: () => look(other) }, o.number);
  const into = el("button", { class: "button", type: "button" }, t("nearby.merge"));
  into.onclick = async () => {
    if (into.dataset.sure !== "yes") {
      into.dataset.sure = "yes";
      into.textContent = t("nearby.sure", { number: o.number });
      return;
    }
    into.disabled = true;
    try {
      await ask(`/api/incidents/${encodeURIComponent(id)}/merge`, { method: "POST", body: { into: o.number, revision: p.revision, into_revision: o.revision } });
      merged(other);
    } catch (fault) {
      told.textContent = fault.message;
      into.disabled = false;
    }
  };
  return el("li", {}, open, el("span", { class: "soft" }, text), o.text ? el("q", {}, o.text) : null, may("incident.close") ? into : null);
}
