// Keeps a webinar's numbers up to date while its page is looked at. The page is complete without.
"use strict";

(() => {
  const POLL_EVERY = 10 * 1000;

  // Nothing in it can have the focus, and nothing is announced: numbers are there to be looked at.
  function follow(element) {
    let seen = element.dataset.seen;
    let stream = null;
    let timer = null;

    function show(html, version) {
      if (version !== seen) {
        seen = version;
        element.innerHTML = html;
      }
    }

    function listen() {
      stream = new EventSource(`${element.dataset.live}&seen=${encodeURIComponent(seen)}`);
      stream.onmessage = (event) => show(event.data, event.lastEventId);
      stream.onerror = () => {
        // An ended stream is asked for again by the browser; a refused one is not.
        if (stream !== null && stream.readyState === EventSource.CLOSED) {
          stream = null;
          poll();
        }
      };
    }

    async function poll() {
      clearTimeout(timer);
      timer = setTimeout(poll, POLL_EVERY);
      try {
        const answer = await fetch(element.dataset.poll, { cache: "no-store", redirect: "error" });
        if (answer.ok) {
          const { html, version } = await answer.json();
          show(html, version);
        }
      } catch {
        // Not reachable for a moment, or signed out: the numbers stay as they are.
      }
    }

    function rest() {
      clearTimeout(timer);
      if (stream !== null) {
        stream.close();
        stream = null;
      }
    }

    // A browser has few connections to a server: a tab that nobody sees keeps none.
    document.addEventListener("visibilitychange", () => {
      rest();
      if (!document.hidden) {
        listen();
      }
    });
    addEventListener("pagehide", rest);
    addEventListener("pageshow", (event) => {
      if (event.persisted) {
        listen();
      }
    });
    if (!document.hidden) {
      listen();
    }
  }

  document.querySelectorAll("[data-live][data-poll]").forEach(follow);
})();
