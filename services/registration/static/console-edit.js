// Shows the preview beside the form while one types. The page works without it.
"use strict";

(() => {
  const PAUSE = 500;
  const desk = document.querySelector("[data-live]");
  const form = document.querySelector("#edit");
  if (!desk || !form) {
    return;
  }

  const zone = form.querySelector("[data-guess-zone]");
  if (zone) {
    zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || zone.value;
  }

  let timer;
  let asked = 0;

  async function show() {
    const number = ++asked;
    const fields = new URLSearchParams(new FormData(form));
    fields.set("do", "preview");
    try {
      const answer = await fetch(desk.dataset.live, { method: "POST", body: fields });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("#preview");
      const shown = document.querySelector("#preview");
      // An answer that was overtaken by a later one shows what is no longer typed.
      if (answer.ok && fresh && number === asked && !shown.contains(document.activeElement)) {
        shown.replaceWith(fresh);
      }
    } catch {
      // Not reachable for a moment: the next letter asks again.
    }
  }

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(show, PAUSE);
  });
})();
