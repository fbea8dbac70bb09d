// The page's language, words, clock and calendar, as the server sent them with the page.

export const facts = JSON.parse(document.getElementById("facts").textContent);

// Whether the reader may do this at all; the service decides each time, this only leaves out what it would refuse.
export const may = (action) => facts.may.includes(action);

export function t(key, named = {}) {
  const text = facts.words[`ui.${key}`] ?? facts.words[key];
  if (text === undefined) throw new Error(`no text for ui.${key}`);
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in named ? String(named[name]) : whole));
}

// The server's clock: clocks of office computers drift.
let drift = Date.parse(facts.now) - Date.now();
export const setClock = (instant) => { drift = Date.parse(instant) - Date.now(); };
export const now = () => Date.now() + drift;

const locale = facts.lang === "zh" ? "zh-CN" : "en-GB";
const zone = { timeZone: facts.timezone, hour12: false };
const short = new Intl.DateTimeFormat(locale, { ...zone, month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" });
const weekday = new Intl.DateTimeFormat(locale, { timeZone: facts.timezone, weekday: "short" });
const number = new Intl.NumberFormat(locale);

export const date = (instant) => {
  const part = Object.fromEntries(short.formatToParts(new Date(instant)).map((found) => [found.type, found.value]));
  return `${part.month}-${part.day} ${part.hour}:${part.minute}`;
};

const told = new Intl.DateTimeFormat("sv-SE", { timeZone: facts.timezone, dateStyle: "short", timeStyle: "short" }); // YYYY-MM-DD HH:MM

// What the county's clocks show at an instant, as a field for date and time has it (YYYY-MM-DDTHH:MM), and back: ISO 8601 in UTC.
export const local = (instant) => told.format(new Date(instant)).replace(" ", "T");
export function instant(shown) {
  const wanted = Date.parse(`${shown}Z`);
  const off = (at) => Date.parse(`${local(at)}Z`) - at;
  return new Date(wanted - off(wanted - off(wanted))).toISOString();
}
export const clockText = () => `${weekday.format(new Date(now()))} ${date(now())}`;
export const count = (n) => number.format(n);
export const percent = (share) => (share < 0.01 ? `< 1 %` : `${Math.round(100 * share)} %`);

export function age(instant) {
  const minutes = Math.max(0, Math.floor((now() - Date.parse(instant)) / 60000));
  if (minutes < 1) return t("age.now");
  if (minutes < 60) return t("age.minutes", { n: minutes });
  if (minutes < 60 * 48) return t("age.hours", { n: Math.floor(minutes / 60) });
  return t("age.days", { n: Math.floor(minutes / 1440) });
}

export const isOver = (due) => Date.parse(due) < now();

// How long is left until it is due, or since when it is over: by the clock on the wall, whatever hours the limit counts.
export function left(due) {
  const minutes = (Date.parse(due) - now()) / 60000;
  // Over is over from its first second on: nothing is "0 min over".
  return minutes < 0 ? span("over", Math.ceil(-minutes)) : span("left", Math.floor(minutes));
}

function span(how, minutes) {
  if (minutes < 60) return t(`due.${how}.minutes`, { n: minutes });
  if (minutes < 60 * 48) return t(`due.${how}.hours`, { n: Math.floor(minutes / 60) });
  return t(`due.${how}.days`, { n: Math.floor(minutes / 1440) });
}

export function metres(n) {
  return n < 1000 ? t("metres", { n: n < 10 ? n.toFixed(1) : Math.round(n) }) : t("kilometres", { n: (n / 1000).toFixed(1) });
}
