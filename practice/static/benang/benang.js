"use strict";
// htmx shortens ways that lead through without it: it comes once the page stands, so that nobody waits for it to read.
(() => {
  const source = document.currentScript.dataset.htmx;
  addEventListener("load", () => {
    const script = document.createElement("script");
    script.src = source;
    document.head.append(script);
  });
})();
// After a part of the page was replaced: say so, and keep the focus where the person can go on.
(() => {
  const busy = (event, value) => event.detail.target?.setAttribute("aria-busy", value);
  const failed = () => {
    const status = document.getElementById("status");
    status.textContent = status.dataset.failed;
  };
  document.addEventListener("htmx:beforeRequest", (event) => busy(event, "true"));
  document.addEventListener("htmx:afterRequest", (event) => busy(event, "false"));
  document.addEventListener("htmx:responseError", failed);
  document.addEventListener("htmx:sendError", failed);
  document.addEventListener("htmx:afterSettle", (event) => {
    if (!event.detail.target) return; // the page before was brought back: the browser sees to its focus
    const region = document.getElementById(event.detail.target.id) || event.detail.target;
    const wanted = region.querySelector("[data-focus]");
    if (!wanted && document.activeElement !== document.body) return;
    const place = wanted || region;
    if (!place.matches("a, button, input, select, textarea, [tabindex]")) place.tabIndex = -1;
    place.focus();
  });
})();
