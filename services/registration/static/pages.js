// Counts holds down, notices when a payment has arrived, says a time where the reader is.
// Every page works without it.
"use strict";

(() => {
  const SECOND = 1000;
  const POLL_FAST = 3 * SECOND;
  const POLL_SLOW = 15 * SECOND;
  const FAST_FOR = 3 * 60 * SECOND;
  const SILENCE = 8 * SECOND; // A stream speaks at once; one that does not is held up somewhere.

  let source = null;
  let timer = 0;
  let isStreaming = false;

  // The server's clock decides: a wrong clock here must not show more time than there is.
  function countDown(element) {
    const ahead = Date.parse(element.dataset.now) - Date.now();
    const end = Date.parse(element.dataset.countdown);
    const words = element.dataset.words;
    function show() {
      if (!element.isConnected) return;
      const left = Math.max(0, Math.ceil((end - Date.now() - ahead) / SECOND));
      const minutes = Math.floor(left / 60);
      const seconds = String(left % 60).padStart(2, "0");
      element.textContent = words.replace("{left}", `${minutes}:${seconds}`);
      setTimeout(left > 0 ? show : renew, left > 0 ? SECOND : 2 * SECOND);
    }
    show();
  }

  // The time of the webinar where its reader is, if clocks there show another one.
  function sayHere(time) {
    // As the server writes it: 24 hours, and the day only where it is another one.
    const language = document.documentElement.lang.replace(/^en$/, "en-GB");
    const starts = new Date(time.dateTime);
    const ends = new Date(time.dataset.ends);
    const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
    const day = { weekday: "long", day: "numeric", month: "long" };
    const say = (moment, parts, timeZone) =>
      new Intl.DateTimeFormat(language, { ...parts, timeZone }).format(moment);
    try {
      const zone = time.dataset.zone;
      const isSameDay = say(starts, day) === say(starts, day, zone);
      if (isSameDay && say(starts, clock) === say(starts, clock, zone)) return;
      const span = `${say(starts, clock)}–${say(ends, clock)}`;
      const line = document.createElement("small");
      const when = isSameDay ? span : `${say(starts, day)}, ${span}`;
      line.textContent = time.dataset.words.replace("{when}", when);
      time.parentElement.after(line);
    } catch {
      // A zone that this browser does not know: the webinar's own time stands alone.
    }
  }

  const watched = () => document.querySelector("[data-watch]");

  function follow() {
    const page = watched();
    if (!page) return stop();
    if (!source && window.EventSource) listen(page);
    if (!isStreaming) poll(Date.now());
  }

  function listen(page) {
    source = new EventSource(page.dataset.events);
    source.onmessage = (event) => {
      isStreaming = true;
      clearTimeout(timer);
      compare(JSON.parse(event.data).state);
    };
    source.onerror = () => {
      // The browser connects again by itself, unless it was told that there is no place.
      if (source && source.readyState === EventSource.CLOSED) {
        isStreaming = false;
        poll(Date.now());
      }
    };
  }

  function poll(started) {
    clearTimeout(timer);
    const isFirst = source !== null && source.readyState !== EventSource.CLOSED;
    const pause = Date.now() - started < FAST_FOR ? POLL_FAST : POLL_SLOW;
    timer = setTimeout(async () => {
      await look();
      if (watched() && !isStreaming) poll(started);
    }, isFirst ? SILENCE : pause);
  }

  async function look() {
    const page = watched();
    if (!page || document.hidden) return;
    try {
      const answer = await fetch(page.dataset.watch, { cache: "no-store" });
      if (answer.ok) await compare((await answer.json()).state);
    } catch {
      // Not reachable for a moment: the next look will tell.
    }
  }

  async function compare(state) {
    const page = watched();
    if (page && page.dataset.state !== state) await renew();
  }

  function stop() {
    clearTimeout(timer);
    if (source) source.close();
    source = null;
    isStreaming = false;
  }

  // The page as it is now takes the place of what is shown; nothing else moves.
  async function renew() {
    try {
      const answer = await fetch(location.pathname + location.search, {
        cache: "no-store",
        headers: { Accept: "text/html" },
      });
      if (!answer.ok) return location.reload();
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const main = document.getElementById("main");
      const hadFocus = main.contains(document.activeElement);
      document.title = fresh.title;
      main.replaceChildren(...fresh.getElementById("main").childNodes);
      const heading = main.querySelector("h1");
      said.textContent = heading.textContent;
      if (hadFocus) {
        heading.tabIndex = -1;
        heading.focus();
      }
      start();
    } catch {
      // Not reachable for a moment: what is shown stays, and is compared again.
    }
  }

  function start() {
    document.querySelectorAll("[data-countdown]").forEach(countDown);
    document.querySelectorAll("time[data-zone]").forEach(sayHere);
    follow();
  }

  // Tells screen readers what the page has turned into.
  const said = document.createElement("p");
  said.className = "unseen";
  said.setAttribute("role", "status");
  document.body.append(said);
  // Back from the payment in another tab: look at once.
  document.addEventListener("visibilitychange", look);
  start();
})();
