// The rule builder with script: undo by key, and what is being typed is never swapped away. Without this file every
// button still works as a form.
(() => {
  "use strict";
  const form = document.getElementById("editor");
  if (!form) return;
  const builder = () => document.getElementById("builder");
  let typed = null; // the field in the builder and what stood in it when the last request went out

  form.addEventListener("htmx:beforeRequest", () => {
    const at = document.activeElement;
    typed = at && builder().contains(at) && "value" in at ? { id: at.id, value: at.value } : null;
  });
  form.addEventListener("htmx:beforeSwap", (event) => {
    const at = document.activeElement;
    if (!at || !builder().contains(at) || !at.matches("input, textarea")) return;
    const before = typed && typed.id === at.id ? typed.value : at.defaultValue;
    if (at.value !== before) event.detail.shouldSwap = false; // its own change comes next and brings everything
  });

  // Ctrl Z takes back the last step; inside a field that was typed in, the browser's own undo goes first.
  form.addEventListener("keydown", (event) => {
    const at = event.target;
    if (!(event.ctrlKey || event.metaKey) || event.altKey || !builder().contains(at)) return;
    const key = event.key.toLowerCase();
    const wanted = key === "y" || (key === "z" && event.shiftKey) ? "redo" : key === "z" ? "undo" : "";
    if (!wanted || ("defaultValue" in at && at.value !== at.defaultValue)) return;
    const button = document.getElementById(wanted);
    if (!button || button.disabled) return;
    event.preventDefault();
    button.click();
  });

  // A complaint's place leads to the very characters.
  form.addEventListener("click", (event) => {
    const link = event.target.closest("[data-select]");
    if (!link) return;
    const [start, end] = link.dataset.select.split(":").map(Number), text = document.getElementById("rule");
    event.preventDefault();
    text.focus();
    text.setSelectionRange(start, end);
  });
})();
