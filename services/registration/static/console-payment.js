// Says what amounts a currency takes as soon as it is chosen; the server says it anyway.
"use strict";

(() => {
  for (const hint of document.querySelectorAll("[data-rules-of]")) {
    const select = document.getElementById(hint.dataset.rulesOf);
    select?.addEventListener("change", () => {
      hint.textContent = select.selectedOptions[0].dataset.rules;
    });
  }
})();
