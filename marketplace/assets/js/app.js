// What pages do beyond plain links and forms: send the CSRF token with htmx, and a few keys at the desk.
// Every page works without this file.
(() => {
  "use strict";
  const token = document.querySelector('meta[name="csrf-token"]');
  const name = document.querySelector('meta[name="csrf-header"]');
  if (token && name) {
    // An answer that cannot be kept: the whole page says so, with what was typed and the error beside it.
    document.body.addEventListener("htmx:afterRequest", (event) => {
      const form = event.target.closest("form[hx-select-oob]");
      if (form && event.detail.xhr.status === 422) form.submit();
    });
    document.body.addEventListener("htmx:configRequest", (event) => {
      event.detail.headers[name.content] = token.content;
    });
  }
  const summary = document.querySelector(".govuk-error-summary");
  if (summary) summary.focus();

  // Keys at the desk: an element says which with data-key; typing in a field never triggers one.
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = event.target;
    if (at instanceof HTMLElement && at.closest("input, textarea, select, [contenteditable]")) return;
    const wanted = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const found = document.querySelector(`[data-key="${CSS.escape(wanted)}"]`);
    if (!(found instanceof HTMLElement)) return;
    event.preventDefault();
    if (found.matches("input, textarea, select")) found.focus();
    else found.click();
  });
})();
