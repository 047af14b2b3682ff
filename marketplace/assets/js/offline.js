// The check without a network: what is typed into the offline form stays in this browser until the service has it.
// Sent only when somebody pressed the button, at once or when the network is back; then nothing of it stays here.
(() => {
  "use strict";
  const KEY = "mp-offline-answers";
  const words = document.currentScript.dataset;
  const form = document.querySelector("form[data-offline]");

  function kept() {
    try {
      return JSON.parse(localStorage.getItem(KEY)) ?? { answers: {}, queued: false };
    } catch {
      return { answers: {}, queued: false };
    }
  }

  function keep(answers, queued) {
    if (Object.keys(answers).length === 0) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, JSON.stringify({ answers, queued }));
  }

  function tell(text, address, label) {
    let bar = document.querySelector(".mp-offline");
    if (!bar) {
      bar = document.createElement("div");
      bar.className = "mp-offline";
      bar.setAttribute("role", "status");
      document.querySelector(".govuk-skip-link").after(bar);
    }
    const line = document.createElement("div");
    line.className = "mp-wrap";
    line.append(text);
    if (address) {
      const link = document.createElement("a");
      link.href = address;
      link.textContent = label;
      line.append(" ", link);
    }
    bar.replaceChildren(line);
  }

  function answersOf(fields) {
    const found = {};
    for (const [name, value] of new FormData(fields)) {
      if (typeof value === "string" && value.trim() && !name.startsWith("_")) found[name] = value;
    }
    return found;
  }

  function restore(fields, answers) {
    for (const field of fields.elements) {
      if (!(field.name in answers)) continue;
      if (field.type === "radio" || field.type === "checkbox") field.checked = field.value === answers[field.name];
      else if (!field.value) field.value = answers[field.name];
      field.closest("details")?.setAttribute("open", "");
    }
  }

  async function send() {
    const { answers, queued } = kept();
    if (!queued || !navigator.onLine) return;
    try {
      const fresh = await fetch("/check/offline");
      if (!fresh.ok) return;
      const page = new DOMParser().parseFromString(await fresh.text(), "text/html");
      const token = page.querySelector("form[data-offline] input[name='_csrf_token']").value;
      const answer = await fetch("/check/offline", {
        method: "POST", body: new URLSearchParams({ ...answers, _csrf_token: token }),
      });
      if (answer.ok) {
        keep({}, false);
        tell(words.sent, "/check/next", words.goOn);
      } else if (answer.status === 422) {
        keep(answers, false);
        tell(words.mend, "/check/offline", words.goMend);
      }
    } catch {
      tell(words.queued); // the network went again; it stays queued
    }
  }

  if (form) {
    restore(form, kept().answers);
    form.addEventListener("input", () => {
      keep(answersOf(form), false);
      form.querySelector("[data-kept]").textContent = words.saved;
    });
    form.addEventListener("submit", (event) => {
      keep(answersOf(form), true);
      if (navigator.onLine) return;
      event.preventDefault();
      tell(words.queued);
    });
    if (!navigator.onLine) tell(kept().queued ? words.queued : words.away);
  }
  if (document.querySelector("[data-answers-sent]")) keep({}, false);
  else if (!form || !form.querySelector(".govuk-error-message")) void send();
  window.addEventListener("online", () => void send());
  window.addEventListener("offline", () => tell(kept().queued ? words.queued : words.away));
  if ("serviceWorker" in navigator) {
    window.addEventListener("load", () => void navigator.serviceWorker.register("/sw.js").catch(() => undefined));
  }
})();
