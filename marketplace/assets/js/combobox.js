// A text field that finds places or trades while one types: the combobox with a listbox of the WAI-ARIA practices.
// Without this file the field is sent as it stands and the server asks back.
(() => {
  "use strict";
  const PAUSE = 180;

  function enhance(input) {
    const box = input.parentElement;
    const list = document.createElement("ul");
    const told = document.createElement("p");
    let found = [], active = -1, timer = 0, asked = 0;
    list.id = `${input.id}-options`;
    list.className = "mp-combo__list";
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", input.dataset.list);
    list.hidden = true;
    told.className = "govuk-visually-hidden";
    told.setAttribute("role", "status");
    box.append(list, told);
    for (const [name, value] of Object.entries({
      role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id,
    })) input.setAttribute(name, value);

    function close() {
      list.hidden = true;
      active = -1;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    }

    function mark(at) {
      active = at;
      [...list.children].forEach((item, index) => {
        item.setAttribute("aria-selected", String(index === at));
        if (index === at) item.scrollIntoView({ block: "nearest" });
      });
      if (at < 0) input.removeAttribute("aria-activedescendant");
      else input.setAttribute("aria-activedescendant", list.children[at].id);
    }

    function choose(at) {
      asked += 1;
      clearTimeout(timer);
      input.value = found[at].label;
      for (const pick of document.getElementsByName(`pick.${input.name}`)) pick.checked = false;
      input.dispatchEvent(new Event("change", { bubbles: true }));
      told.textContent = found[at].label;
      close();
    }

    function show(results) {
      found = results;
      list.replaceChildren(...results.map((result, index) => {
        const item = document.createElement("li");
        item.id = `${list.id}-${index}`;
        item.setAttribute("role", "option");
        item.setAttribute("aria-selected", "false");
        item.textContent = result.label;
        return item;
      }));
      told.textContent = results.length === 0 ? input.dataset.none
        : results.length === 1 ? input.dataset.one : input.dataset.many.replace("%n", results.length);
      active = -1;
      input.removeAttribute("aria-activedescendant");
      list.hidden = results.length === 0;
      input.setAttribute("aria-expanded", String(results.length > 0));
    }

    async function ask() {
      const typed = input.value.trim(), mine = ++asked;
      if (!typed) {
        close();
        return;
      }
      try {
        const answer = await fetch(`${input.dataset.finder}?q=${encodeURIComponent(typed)}`);
        if (answer.ok && mine === asked) show(await answer.json());
      } catch {
        close(); // offline: what is typed is sent as it stands
      }
    }

    input.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(ask, PAUSE);
    });
    input.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      const open = !list.hidden, last = found.length - 1;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (!open) void ask();
        else if (event.key === "ArrowDown") mark(active >= last ? 0 : active + 1);
        else mark(active <= 0 ? last : active - 1);
      } else if (event.key === "Enter" && open && active >= 0) {
        event.preventDefault();
        choose(active);
      } else if (event.key === "Escape" && open) {
        event.preventDefault();
        close();
      } else if (event.key === "Tab" && open && active >= 0) {
        choose(active);
      }
    });
    input.addEventListener("blur", () => {
      asked += 1;
      clearTimeout(timer);
      close();
    });
    list.addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps the focus
    list.addEventListener("click", (event) => {
      const at = [...list.children].indexOf(event.target.closest("[role=option]"));
      if (at >= 0) choose(at);
    });
  }

  function enhanceAll(root) {
    for (const input of root.querySelectorAll("input[data-finder]:not([role=combobox])")) enhance(input);
  }
  enhanceAll(document);
  document.body.addEventListener("htmx:load", (event) => enhanceAll(event.detail.elt));

  // Of a list, "none of these" stands alone.
  for (const alone of document.querySelectorAll("input[data-alone]")) {
    const others = [...alone.form.querySelectorAll(".mp-tickbox input")].filter((each) => each !== alone);
    alone.addEventListener("change", () => {
      if (alone.checked) for (const other of others) other.checked = false;
    });
    for (const other of others) other.addEventListener("change", () => {
      if (other.checked) alone.checked = false;
    });
  }
})();
