// What the pages do beyond links and forms, all of which work without it.
// Elements with data-live ask for themselves again while the page is seen and nobody is busy in them.
(() => {
  const LIVE_MS = 10000;
  const told = new Map();

  const isBusy = (element) => {
    const active = document.activeElement;
    const isWriting = element.contains(active) && active.matches("input, select, textarea, summary");
    const boxes = [...element.querySelectorAll("input[type=checkbox]")];
    // What is folded away is not at work: a choice begun in it and left would stop the page for good.
    const isChoosing = boxes.some((box) => !box.closest("details:not([open])") && box.checked !== box.defaultChecked);
    // What came open (data-open) nobody opened.
    return isWriting || isChoosing || element.querySelector("details[open]:not([data-open])") !== null;
  };

  const refresh = () => {
    if (document.hidden) return;
    for (const element of document.querySelectorAll("[data-live]")) {
      if (!isBusy(element)) htmx.trigger(element, "refresh");
    }
  };

  // On a phone a row of tabs may be wider than the page: the one we are on is in sight.
  // Rows that did not come anew stay where they were scrolled to.
  const showTabs = (part) => {
    for (const tab of part.querySelectorAll(".tabs [aria-current]")) {
      const row = tab.closest("ul");
      row.scrollLeft = tab.offsetLeft - row.offsetLeft - (row.clientWidth - tab.offsetWidth) / 2;
    }
  };
  showTabs(document);
  document.addEventListener("htmx:afterSettle", (event) => showTabs(event.target));

  // Buttons that copy need a script to do it.
  const showCopying = () => {
    for (const button of document.querySelectorAll("[data-copy][hidden]")) {
      if (navigator.clipboard) button.hidden = false;
    }
  };
  showCopying();
  document.addEventListener("htmx:afterSettle", showCopying);
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = "Copied";
  });

  // Permissions that are not asked for when the app is installed: the admin alone can ask.
  for (const button of document.querySelectorAll("[data-grant][hidden]")) {
    if (!window.shopify?.scopes) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await window.shopify.scopes.request([button.dataset.grant]);
      } catch {
        button.textContent = "Not granted. Try again";
        return;
      }
      // A reload would send again the form that this page may be the answer to.
      location.assign(button.dataset.back);
    });
  }

  // A slash begins a search, as in the admins of both platforms.
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.matches?.("input, select, textarea");
    const search = document.querySelector('input[type="search"]');
    if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey || !search) return;
    event.preventDefault();
    search.focus();
    search.select();
  });

  setInterval(refresh, LIVE_MS);
  document.addEventListener("visibilitychange", refresh);

  const isRefresh = (event) => event.detail.requestConfig?.triggeringEvent?.type === "refresh";

  // What came open and was folded stays folded, whatever comes anew.
  let folded = [];
  document.addEventListener("htmx:beforeSwap", () => {
    folded = [...document.querySelectorAll("details[data-open]:not([open])")].map((one) => one.id);
  });
  document.addEventListener("htmx:afterSettle", () => {
    for (const id of folded) document.getElementById(id)?.removeAttribute("open");
  });

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
