// The menu of who is signed in: shut by Escape and by a click elsewhere.

export function menus() {
  for (const menu of document.querySelectorAll("details.me")) {
    document.addEventListener("click", (event) => { if (!menu.contains(event.target)) menu.open = false; });
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !menu.open) return;
      event.stopPropagation();
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  }
}
