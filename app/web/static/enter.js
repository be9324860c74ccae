// The page whose token had run out: App Bridge gives a fresh one, for which we get the way in.
(() => {
  const { to } = document.currentScript.dataset;

  const enter = async () => {
    const token = await window.shopify.idToken();
    const answer = await fetch(to, { method: "POST", headers: { Authorization: `Bearer ${token}` } });
    const told = await answer.json();
    if (!answer.ok) throw new Error(told.problem);
    location.replace(told.location);
  };

  enter().catch((error) => {
    document.getElementById("entering").textContent = `That did not work. ${error.message ?? ""}`;
  });
})();
