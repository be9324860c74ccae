// The page whose token had run out: App Bridge gives a fresh one, for which we get the way in.
(() => {
  const { to } = document.currentScript.dataset;

  const enter = async () => {
    const token = await window.shopify.idToken();
    const answer = await fetch(to, { method: "POST", headers: { Authorization: `Bearer ${token}` } });
    if (!answer.ok) throw new Error("refused");
    location.replace((await answer.json()).location);
  };

  // Why it failed is for the console; what to do is the same whatever it was.
  enter().catch((error) => {
    console.warn(error);
    document.getElementById("entering").hidden = true;
    document.getElementById("not-entered").hidden = false;
  });
})();
