// The pages work without this. It keeps a form from being sent twice, leads to the faults of a
// refused form, and offers to print.
"use strict";
for (const form of document.querySelectorAll("form[data-busy]")) {
  form.addEventListener("submit", (event) => {
    if (form.hasAttribute("aria-busy")) {
      event.preventDefault();
      return;
    }
    form.setAttribute("aria-busy", "true");
    const button = form.querySelector("button:not([type=button])");
    const said = document.createElement("p");
    said.setAttribute("role", "status");
    said.className = "hint";
    said.textContent = form.dataset.busy;
    button.after(said);
  });
}
// A page that comes back from the browser's store may be sent again.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) {
    for (const form of document.querySelectorAll("form[aria-busy]")) {
      form.removeAttribute("aria-busy");
      form.querySelector("p[role=status]")?.remove();
    }
  }
});
document.querySelector(".summary")?.focus();
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
