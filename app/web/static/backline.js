// What the pages do beyond links and forms, all of which work without it.
// Elements with data-live ask for themselves again while the page is seen and nobody is busy in them.
(() => {
  const LIVE_MS = 10000;
  const told = new Map();

  const isBusy = (element) => {
    const active = document.activeElement;
    const isWriting = element.contains(active) && active.matches("input, select, textarea, summary");
    return isWriting || element.querySelector("details[open]") !== null;
  };

  const refresh = () => {
    if (document.hidden) return;
    for (const element of document.querySelectorAll("[data-live]")) {
      if (!isBusy(element)) htmx.trigger(element, "refresh");
    }
  };

  setInterval(refresh, LIVE_MS);
  document.addEventListener("visibilitychange", refresh);

  const isRefresh = (event) => event.detail.requestConfig?.triggeringEvent?.type === "refresh";

  // The same answer again moves nothing: no flicker, no lost place. Fresh passes do not count.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, target } = event.detail;
    const text = xhr.responseText.replaceAll(/pass=[\w.~-]+|data-pass="[^"]*"/g, "");
    if (isRefresh(event) && (isBusy(target) || told.get(target.id) === text)) {
      event.detail.shouldSwap = false;
    }
    told.set(target.id, text);
    takePass(xhr.responseText);
  });

  // A frame without cookies shows itself by a pass that lives for minutes: each answer brings a new
  // one, which goes into every link and form of the page and with every request.
  let pass = document.querySelector("[data-pass]")?.dataset.pass ?? "";
  const takePass = (text) => {
    pass = /data-pass="([^"]+)"/.exec(text)?.[1] ?? pass;
    if (!pass) return;
    for (const [selector, name] of [["a[href*='pass=']", "href"], ["form[action*='pass=']", "action"]]) {
      for (const element of document.querySelectorAll(selector)) {
        element.setAttribute(name, element.getAttribute(name).replace(/([?&]pass=)[^&#]+/, `$1${pass}`));
      }
    }
    for (const field of document.querySelectorAll("input[name='pass']")) field.value = pass;
  };
  document.addEventListener("htmx:configRequest", (event) => {
    if (pass) event.detail.headers["X-Backline-Pass"] = pass;
  });

  // Whoever is signed in no longer is told so by the page itself.
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status === 401) location.reload();
  });

  // What a search found is said to those who do not see it.
  document.addEventListener("htmx:afterSettle", (event) => {
    const status = document.getElementById("said");
    const said = document.getElementById("live")?.dataset.said;
    if (status && said && !isRefresh(event)) status.textContent = said;
  });
})();
