"""What holds of every page: names, headings, contrast, room, and no word of the other language. Told as sentences; none is good."""

from playwright.sync_api import Page

CHECKS = r"""() => {
  const wrong = [], say = (text) => wrong.push(text), shown = (node) => node.checkVisibility?.({ visibilityProperty: true }) ?? true;
  const ids = [...document.querySelectorAll("[id]")].map((node) => node.id);
  for (const id of new Set(ids)) if (ids.filter((other) => other === id).length > 1) say(`two elements are ${id}`);
  const hidden = (node) => node.closest("[aria-hidden=true]");
  for (const node of document.querySelectorAll("input:not([type=hidden]), select, textarea"))
    if (!hidden(node) && !node.labels?.length && !node.getAttribute("aria-label")) say(`${node.name || node.id} has no label`);
  for (const node of document.querySelectorAll("button, a[href], summary"))
    if (!(node.getAttribute("aria-label") || node.textContent.trim())) say(`${node.outerHTML} has no name`);
  for (const name of ["aria-labelledby", "aria-describedby", "for", "list"])
    for (const node of document.querySelectorAll(`[${name}]`))
      for (const id of node.getAttribute(name).trim().split(/\s+/))
        if (!document.getElementById(id)) say(`${name} names ${id}, which is not there`);
  if (document.querySelectorAll("h1").length !== 1) say("there is not one h1");
  let level = 1;
  for (const node of document.querySelectorAll("main :is(h1, h2, h3, h4)")) {
    if (Number(node.tagName[1]) > level + 1) say(`${node.textContent} leaves out a level`);
    level = Number(node.tagName[1]);
  }
  if (!document.title.trim() || !document.documentElement.lang) say("no title or language");
  if (document.querySelector("[style]")) say(`a style in ${document.querySelector("[style]").outerHTML.slice(0, 80)}`);
  if (document.documentElement.scrollWidth > innerWidth) say(`wider than the window: ${document.documentElement.scrollWidth}`);
  for (const node of document.querySelectorAll("button, .button, .tag, select"))
    if (shown(node) && node.scrollWidth > node.clientWidth + 1 && getComputedStyle(node).display !== "inline")
      say(`${node.textContent.trim()} is cut off`);

  const part = (text) => text.match(/[\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const style = getComputedStyle(at), [r, g, b, a = 1] = part(style.backgroundColor);
      if (at.matches(".bar")) return [26, 79, 146]; // the lightest end of its gradient
      if (a > 0.99) return [r, g, b];
    }
    return [255, 255, 255];
  };
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
    if (!own || !shown(node) || node.closest(".sr, .skip, option")) continue;
    const style = getComputedStyle(node), [a, b] = [light(part(style.color)), light(behind(node))].sort((x, y) => y - x);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < (large ? 3 : 4.5)) say(`${node.textContent.trim().slice(0, 40)} has a contrast of ${ratio.toFixed(2)}`);
  }
  return wrong;
}"""

SEEN = r"""() => {
  const silent = "script, style, code, time, .brand, .langs";
  const own = (node) => node.closest(silent) ? [] : [...node.childNodes].filter((child) => child.nodeType === 3).map((child) => child.data);
  const said = (node) => [node.getAttribute("aria-label"), node.getAttribute("placeholder"), node.matches("time") ? "" : node.title];
  const all = [...document.querySelectorAll("body *")].flatMap((node) => [...own(node), ...said(node)]);
  return [document.title, ...all].map((text) => (text ?? "").trim()).filter(Boolean);
}"""


def faults(page: Page) -> list[str]:
    """What is wrong with the page as it stands, once its style sheets are there: text stands before the style that colours it."""
    page.wait_for_load_state()
    found: list[str] = page.evaluate(CHECKS)
    return found


def texts(page: Page) -> list[str]:
    """Every text that a reader of the page sees or hears, but codes, times and the brand."""
    found: list[str] = page.evaluate(SEEN)
    return found
