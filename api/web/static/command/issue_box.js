// A type-ahead over the catalogue: by name, group or code; arrows, Enter and Escape work (ARIA combobox).

import { el } from "./dom.js";
import { t } from "./words.js";

const OFFERED = 60;

export function issueBox(types, id) {
  let offered = [], active = -1, chosen = null;
  let early = false;  // Enter came before the catalogue did
  const input = el("input", { class: "field", id, role: "combobox", autocomplete: "off", spellcheck: "false", "aria-expanded": "false", "aria-controls": `${id}-offers`, "aria-autocomplete": "list", placeholder: t("report.issue_hint") });
  const list = el("ul", { class: "offers", id: `${id}-offers`, role: "listbox", hidden: true });

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
      input.setAttribute("aria-activedescendant", `${id}-${active}`);
      list.children[active].scrollIntoView({ block: "nearest" });
    }
  }
  function offer() {
    const words = input.value.toLowerCase().split(/\s+/);
    offered = types().filter((one) => words.every((word) => `${one.name} ${one.group} ${one.code}`.toLowerCase().includes(word))).slice(0, OFFERED);
    list.replaceChildren(
      ...offered.map((one, i) =>
        el("li", { id: `${id}-${i}`, role: "option", "aria-selected": "false", onmousedown: (event) => { event.preventDefault(); take(one); } }, el("span", {}, one.name), el("small", {}, `${one.group} · ${one.code}`)),
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
  return { node: el("div", { class: "box" }, input, list), input, clear: () => { chosen = null; input.value = ""; }, code: () => (chosen ?? typed())?.code ?? "", refresh };
}
