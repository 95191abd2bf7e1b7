"use strict";
// Two minutes before a held time is given back: say so, once, where screen readers hear it and everybody sees it.
(() => {
  const line = document.querySelector("[data-held-until]");
  const status = document.getElementById("status");
  if (!line || !status) return;
  const left = new Date(line.dataset.heldUntil) - Date.now() - 120000;
  if (left > 0) setTimeout(() => { status.textContent = line.dataset.soon; }, left);
})();
