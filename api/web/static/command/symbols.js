// The signs of an incident: shape and letter say the urgency, colour the grade, a dashed edge that nobody has it yet.

import { el, svg } from "./dom.js";
import { t } from "./words.js";

const SHAPES = {
  at_once: ["path", { d: "M16 1.5 30.5 16 16 30.5 1.5 16z" }, 21],
  today: ["path", { d: "M16 2.5 30.5 28.5h-29z", "stroke-linejoin": "round" }, 24],
  soon: ["circle", { cx: 16, cy: 16, r: 13 }, 21],
  routine: ["rect", { x: 4, y: 4, width: 24, height: 24, rx: 4 }, 21],
};

export function symbol(one, size = 28) {
  const [tag, shape, line] = SHAPES[one.urgency];
  return svg(
    "svg",
    { class: `sign ${one.grade} ${one.state}`, viewBox: "0 0 32 32", width: size, height: size, "aria-hidden": "true" },
    svg(tag, shape),
    svg("text", { x: 16, y: line, "text-anchor": "middle" }, t(`urgency.letter.${one.urgency}`)),
  );
}

export const signText = (one) => `${t(`urgency.${one.urgency}`)}${t("comma")}${t(`grade.${one.grade}`)}`;

// How many incidents lie here: the number in a ring whose arcs show the grades, and beneath it, on dark ground, how many of them are urgent at once.
export function ring(n, byGrade, atOnce, size) {
  const r = 16.5, round = 2 * Math.PI * r;
  let start = 0;
  const arcs = Object.entries(byGrade).filter(([, many]) => many).map(([grade, many]) => {
    const length = (many / n) * round;
    const arc = svg("circle", { class: `arc ${grade}`, cx: 20, cy: 20, r, "stroke-dasharray": `${length} ${round - length}`, "stroke-dashoffset": -start });
    start += length;
    return arc;
  });
  const text = short(n);
  return svg(
    "svg",
    { class: text.length > 2 ? "ring long" : "ring", viewBox: "0 0 40 40", width: size, height: size, "aria-hidden": "true" },
    svg("circle", { class: "disc", cx: 20, cy: 20, r: 19.5 }),
    atOnce ? urgentPart(short(atOnce)) : null,
    arcs,
    svg("text", { x: 20, y: atOnce ? 20 : 24.5, "text-anchor": "middle" }, text),
  );
}

// The lower part of the disc: a diamond and the number of those at once.
function urgentPart(text) {
  const left = 20 - (7 + 5.6 * text.length) / 2;
  return svg(
    "g",
    { class: "urgent" },
    svg("path", { d: "M5.4 22.8h29.2A14.7 14.7 0 0 1 5.4 22.8z" }),
    svg("path", { class: "mark", d: `M${left + 2.6} 25.2l2.8 3.1-2.8 3.1-2.8-3.1z` }),
    svg("text", { x: left + 7, y: 31.8 }, text),
  );
}

const short = (n) => (n > 999 ? `${(n / 1000).toFixed(1)}k` : String(n));

export const tag = (kind, text) => el("span", { class: `tag ${kind}` }, text);
