// Counts holds down and notices when a payment has arrived. Every page works without it.
"use strict";

(() => {
  const SECOND = 1000;
  const WATCH_FAST = 3 * SECOND;
  const WATCH_SLOW = 15 * SECOND;
  const FAST_FOR = 3 * 60 * SECOND;

  // The server's clock decides: a wrong clock here must not show more time than there is.
  function countDown(element) {
    const ahead = Date.parse(element.dataset.now) - Date.now();
    const end = Date.parse(element.dataset.countdown);
    const words = element.dataset.words;
    function show() {
      const left = Math.max(0, Math.ceil((end - Date.now() - ahead) / SECOND));
      const minutes = Math.floor(left / 60);
      const seconds = String(left % 60).padStart(2, "0");
      element.textContent = words.replace("{left}", `${minutes}:${seconds}`);
      if (left > 0) {
        setTimeout(show, SECOND);
      } else {
        setTimeout(reload, 2 * SECOND);
      }
    }
    show();
  }

  function watch(element) {
    const started = Date.now();
    let timer;
    async function look() {
      clearTimeout(timer);
      if (!document.hidden && (await hasChanged(element))) {
        reload();
        return;
      }
      timer = setTimeout(look, Date.now() - started < FAST_FOR ? WATCH_FAST : WATCH_SLOW);
    }
    timer = setTimeout(look, WATCH_FAST);
    // Back from the payment in another tab: look at once.
    document.addEventListener("visibilitychange", look);
  }

  async function hasChanged(element) {
    try {
      const answer = await fetch(element.dataset.watch, { cache: "no-store" });
      return answer.ok && (await answer.json()).state !== element.dataset.state;
    } catch {
      return false; // Not reachable for a moment: the next look will tell.
    }
  }

  function reload() {
    location.replace(location.pathname + location.search);
  }

  document.querySelectorAll("[data-countdown]").forEach(countDown);
  document.querySelectorAll("[data-watch]").forEach(watch);
})();
