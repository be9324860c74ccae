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

  // The same answer again moves nothing: no flicker, no lost place. A fresh pass is no difference.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, target } = event.detail;
    const text = xhr.responseText.replaceAll(/pass=[\w.~-]+|name="pass" value="[^"]*"/g, "");
    if (isRefresh(event) && (isBusy(target) || told.get(target.id) === text)) {
      event.detail.shouldSwap = false;
    }
    told.set(target.id, text);
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
