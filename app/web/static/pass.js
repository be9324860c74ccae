// For a page in the frame of a shop's admin, where a browser may keep no cookies: fetches a new pass
// before the old one runs out, and puts it into every link, form and request of the page.
(() => {
  const { from, pass } = document.currentScript.dataset;
  const HEADER = "X-Backline-Pass";
  const RENEW_AFTER_MS = 4 * 60 * 1000;
  let current = pass;

  const renew = async () => {
    const answer = await fetch(from, { headers: { [HEADER]: current } });
    if (!answer.ok) return;
    current = (await answer.json()).pass;
    for (const field of document.querySelectorAll('input[name="pass"]')) field.value = current;
    for (const name of ["href", "action", "hx-get", "hx-post"]) {
      for (const element of document.querySelectorAll(`[${name}*="pass="]`)) {
        const fresh = element.getAttribute(name).replace(/([?&]pass=)[^&#]*/, `$1${current}`);
        element.setAttribute(name, fresh);
      }
    }
  };

  setInterval(() => renew().catch(() => {}), RENEW_AFTER_MS);
  document.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers[HEADER] = current;
  });
})();
