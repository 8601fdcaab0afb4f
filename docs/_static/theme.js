/* Light or dark: as the reader's system has it, until he chooses by the button. Debian's furo has the button
   and both themes, but neither follows the system nor reads the button, as its own script is a module that
   is loaded as if it were none. */
"use strict";

const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
let chosen = localStorage.getItem("theme");

function show() {
    document.body.dataset.theme = ["light", "dark"].includes(chosen) ? chosen : systemIsDark.matches ? "dark" : "light";
}

function choose(event) {
    if (!event.target.closest(".theme-toggle"))
        return;
    event.stopImmediatePropagation();
    chosen = document.body.dataset.theme === "dark" ? "light" : "dark";
    localStorage.setItem("theme", chosen);
    show();
}

systemIsDark.addEventListener("change", show);
document.addEventListener("click", choose, { capture: true });
document.documentElement.classList.remove("no-js");
show();
