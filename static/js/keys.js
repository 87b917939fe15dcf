// Letters arm, Enter fires: a letter moves the focus to its button, and only Enter presses it.
const TYPING = "input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]";
let prefix = "";
let early = "";

const named = (key) => document.querySelector(`[data-key="${CSS.escape(key)}"]`);

function choose(element) {
  if (element.matches("a, [popovertarget]")) return element.click();
  if (element.matches("input[type=radio]")) {
    element.checked = true;
    element = element.form?.querySelector("[data-arm]") ?? document.querySelector(`[form="${element.form?.id}"][data-arm]`);
  }
  element?.closest("details")?.setAttribute("open", "");
  element?.focus({ focusVisible: true });
}

function move(step) {
  const rows = [...document.querySelectorAll("[data-row]")];
  if (!rows.length) return false;
  const at = rows.indexOf(document.activeElement);
  rows[Math.min(rows.length - 1, Math.max(0, at + step))].focus({ focusVisible: true });
  return true;
}

document.addEventListener("keydown", (event) => {
  if (document.body.dataset.keys === "off" || event.metaKey || event.ctrlKey || event.altKey || event.isComposing) return;
  // A key held down repeats: the second Enter of a held key must not press what the first one brought up.
  if (event.repeat) return event.key === "Enter" ? event.preventDefault() : undefined;
  if (event.key === "Escape") return document.activeElement?.blur();
  if (event.target.matches(TYPING) || event.key.length !== 1) return;
  const steps = { j: 1, k: -1 };
  const key = prefix + event.key;
  prefix = event.key === "g" && !prefix ? "g " : "";
  if (key in steps && move(steps[key])) return event.preventDefault();
  early = document.querySelector("form.htmx-request") ? key : "";
  const element = named(key);
  if (!element || element.matches(":disabled")) return;
  event.preventDefault();
  choose(element);
});

// A letter typed while an answer is on its way holds for what the answer shows, but nobody approves ahead of the facts.
document.addEventListener("htmx:afterSettle", (event) => {
  if (!early || !event.detail.requestConfig.elt.matches("form")) return;
  const element = early === "a" ? null : named(early);
  early = "";
  if (element && !element.matches(":disabled")) choose(element);
});
