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

  // The same answer again moves nothing: no flicker, no lost place.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, target, requestConfig } = event.detail;
    const isRefresh = requestConfig.triggeringEvent?.type === "refresh";
    if (isRefresh && (isBusy(target) || told.get(target.id) === xhr.responseText)) {
      event.detail.shouldSwap = false;
    }
    told.set(target.id, xhr.responseText);
  });

  // What a search found is said to those who do not see it.
  document.addEventListener("htmx:afterSettle", (event) => {
    const status = document.getElementById("said");
    const isRefresh = event.detail.requestConfig?.triggeringEvent?.type === "refresh";
    const said = document.getElementById("live")?.dataset.said;
    if (status && said && !isRefresh) status.textContent = said;
  });

  // Inside the Shopify admin a request carries a session token of App Bridge.
  document.addEventListener("htmx:confirm", (event) => {
    if (!window.shopify?.idToken) return;
    event.preventDefault();
    window.shopify.idToken().then((token) => {
      document.body.setAttribute("hx-headers", JSON.stringify({ Authorization: `Bearer ${token}` }));
      event.detail.issueRequest(true);
    });
  });
})();
