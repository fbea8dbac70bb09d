// What a script can add to pages that work without one: a password shown, a token copied, a form that is sent once, a menu that shuts.

import { menus } from "./menu.js";

menus();

for (const button of document.querySelectorAll("[data-shows]")) {
  const input = document.getElementById(button.dataset.shows);
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = input.type === "password";
    input.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
    input.focus();
  });
  input.form.addEventListener("submit", () => { input.type = "password"; }); // or the browser keeps it among the texts
}

for (const button of document.querySelectorAll("[data-copies]")) {
  const shown = document.getElementById(button.dataset.copies);
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(shown.textContent);
    button.textContent = button.dataset.done;
  });
}

for (const button of document.querySelectorAll("[data-prints]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
  });
}
// What a chosen role does not need is not asked for.
const role = document.querySelector("select#role");
const asked = document.querySelectorAll("[data-roles]");
function needed() {
  for (const part of asked) {
    part.hidden = Boolean(role.value) && !part.dataset.roles.split(" ").includes(role.value);
    part.querySelector("input").disabled = part.hidden;
  }
}
if (role && asked.length) {
  role.addEventListener("change", needed);
  needed();
}

// What is chosen decides which list of suggestions a field has.
for (const choice of document.querySelectorAll("select[data-offers]")) {
  const field = document.getElementById(choice.dataset.offers);
  choice.addEventListener("change", () => field.setAttribute("list", choice.selectedOptions[0].dataset.list));
}

// What stands behind the "#" of an address (which incident is open) never reaches the service: it goes along to where signing in leads.
const next = document.querySelector("input[name=next]");
if (next && location.hash && !next.value.includes("#")) {
  next.value += location.hash;
  for (const link of document.querySelectorAll("a[data-next]")) link.href = `${link.pathname}?${new URLSearchParams({ next: next.value })}`;
}

addEventListener("pageshow", () => { for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent; });
