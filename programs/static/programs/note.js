"use strict";
// Keep the draft of a note on the server every ten seconds and whenever a field is left. Nothing is kept in the browser.
(() => {
  const form = document.querySelector("form[data-draft]");
  const status = document.getElementById("saved");
  if (!form || !status) return;
  const revision = form.elements.revision;
  const typed = () => {
    const data = new FormData(form);
    data.delete("revision");
    return new URLSearchParams(data).toString();
  };
  let kept = typed();
  let running = null;
  let stopped = "paused" in form.dataset;
  const say = (text) => { if (status.textContent !== text) status.textContent = text; };

  const send = async (now) => {
    try {
      const body = new URLSearchParams(new FormData(form));
      const answer = await fetch(form.dataset.draft, { method: "POST", body, redirect: "error" });
      const isOurs = (answer.headers.get("Content-Type") || "").startsWith("application/json");
      const said = isOurs ? await answer.json() : {};
      if (answer.ok && said.revision) {
        revision.value = said.revision;
        kept = now;
      }
      if (answer.status === 409) stopped = true;
      say(said.message || status.dataset.failed);
    } catch {
      say(status.dataset.failed);
    }
    running = null;
  };
  const save = () => {
    const now = typed();
    if (!stopped && !running && now !== kept) running = send(now);
    return running;
  };

  setInterval(save, 10000);
  form.addEventListener("focusout", save);
  document.addEventListener("visibilitychange", () => { if (document.hidden) save(); });
  form.addEventListener("submit", async (event) => {
    stopped = true;
    if (!running) return;
    event.preventDefault(); // the draft on its way first, so that the form carries its revision
    await running;
    form.requestSubmit(event.submitter);
  });
})();
