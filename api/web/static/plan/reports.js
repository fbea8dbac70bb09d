// What the whole draft would be: the gate's findings, what would change, and publishing it.

import { ask } from "../command/ask.js";
import { byId, el } from "../command/dom.js";
import { count, facts, t } from "../command/words.js";

function show(title, ...body) {
  byId("window-title").textContent = title;
  byId("window-body").replaceChildren(...body);
  if (!byId("window").open) byId("window").showModal();
}

const table = (heads, rows) => el("div", { class: "wide" }, el("table", {}, el("thead", {}, el("tr", {}, heads.map((head) => el("th", { scope: "col" }, head)))), el("tbody", {}, rows.map((row) => el("tr", {}, row.map((cell) => el("td", {}, String(cell ?? "–"))))))));

export async function check(village) {
  const { passes, findings } = await ask(`${village.base}/check`);
  show(t("plan.check"), el("p", { class: passes ? "good" : "sad" }, t(passes ? "plan.passes" : "plan.passes_not")), el("ol", { class: "problems" }, findings.map((found) => el("li", { class: found.severity }, found.text))));
}

export async function compare(village) {
  const found = await ask(`${village.base}/comparison`);
  const fates = Object.entries(found.fates).filter(([, n]) => n).map(([fate, n]) => `${t(`fate.${fate}`)} ${count(n)}`);
  const named = (code, name) => (code ? `${code.slice(-3)}${name ? ` ${name}` : ""}` : "–");
  show(
    t("plan.compare"),
    el("p", {}, t(found.against === null ? "plan.compared_none" : "plan.compared", { edition: found.against, households: count(found.households), moved: count(found.moved), other: count(found.other_worker), sheets: count(found.sheets.length) })),
    el("p", {}, fates.join(" · ")),
    table(["from", "to", "households"].map((name) => t(`plan.column.${name}`)), found.moves.map((row) => [named(row.before, row.name_before), named(row.after, row.name_after), count(row.households)])),
  );
}

export function publish(village, tell) {
  const note = el("input", { id: "note", class: "field", maxlength: 500, autocomplete: "off" });
  const at = el("input", { id: "when", class: "field", type: "datetime-local" });
  const told = el("p", { class: "sad", role: "alert" });
  const by = el("p", { id: "approved" });
  const render = () => {
    by.textContent = village.told.approved ? t("plan.approved_by", { who: village.told.approved }) : t("plan.approved_none");
  };
  // Whoever acted on what is no more is told what came between, and sees the draft as it is now before acting again.
  const refused = async (fault) => {
    told.textContent = fault.message;
    if (fault.status !== 412) return;
    await village.load();
    render();
  };
  const approve = async () => {
    try {
      await ask(`${village.base}/approve`, { method: "POST", body: { revision: village.told.revision } });
      await village.load();
      render();
      told.textContent = "";
    } catch (fault) {
      await refused(fault);
    }
  };
  const send = async () => {
    try {
      const made = await ask(`${village.base}/publish`, { method: "POST", body: { revision: village.told.revision, note: note.value, at: at.value || null } });
      byId("window").close();
      tell(made);
    } catch (fault) {
      await refused(fault);
    }
  };
  render();
  show(
    t("plan.publish"),
    el("p", {}, t("plan.publish_hint", { draft: facts.draft })),
    el("p", {}, el("label", { for: "when" }, t("plan.publish_at")), at),
    el("p", {}, el("label", { for: "note" }, t("plan.publish_note")), note),
    by,
    told,
    el("p", { class: "ways" }, el("button", { class: "button", type: "button", id: "approve", onclick: approve }, t("plan.approve")), el("button", { class: "button main", type: "button", id: "publish-now", onclick: send }, t("plan.publish_now"))),
  );
}
