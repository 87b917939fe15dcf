// Letters arm, Enter fires: a letter moves the focus to its button, and only Enter presses it.
const TYPING = "input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]";
let prefix = "", early = "";
const start = () => document.querySelector("[data-focus]") ?? document.getElementById("main"); // nothing is chosen
const named = (key) => document.querySelector(`[data-key="${CSS.escape(key)}"]:not(:disabled)`);
function choose(element) {
  if (element.matches("a, [popovertarget]")) return element.click();
  if (element.matches("input[type=radio]")) {
    element.click();
    element = element.form?.querySelector("[data-arm]") ?? document.querySelector(`[form="${element.form?.id}"][data-arm]`);
  }
  element?.closest("details")?.setAttribute("open", "");
  const { top, bottom } = element?.getBoundingClientRect() ?? {};
  element?.focus({ focusVisible: true, preventScroll: top >= 0 && bottom <= innerHeight }); // what is read stays put
}

function move(step) {
  const rows = [...document.querySelectorAll("[data-row]")];
  const row = rows[Math.min(rows.length - 1, Math.max(0, rows.indexOf(document.activeElement) + step))];
  row?.focus({ focusVisible: true });
  return row;
}
document.addEventListener("keydown", (event) => {
  if (document.body.dataset.keys === "off" || event.metaKey || event.ctrlKey || event.altKey || event.isComposing) return;
  const sheet = document.querySelector(":popover-open");
  // A held key repeats and must not press what it brought up; behind the open sheet no key does anything.
  if (event.repeat || (sheet && !["?", "Escape"].includes(event.key)))
    return ["Enter", " "].includes(event.key) && !sheet?.contains(event.target) ? event.preventDefault() : undefined;
  if (event.key === "Escape" && !sheet) return start().focus({ preventScroll: true });
  if (event.target.matches(TYPING) || event.key.length !== 1) return;
  const key = prefix + event.key;
  if ((prefix = event.key === "g" && !prefix ? "g " : "")) setTimeout(() => { prefix = ""; }, 1500);
  if ((key === "j" && move(1)) || (key === "k" && move(-1))) return event.preventDefault();
  early = document.querySelector("form.htmx-request") ? key : "";
  const element = named(key);
  if (!element) return;
  event.preventDefault();
  choose(element);
});

// A letter typed while an answer is on its way holds for the same case, but nobody approves ahead of the facts.
document.addEventListener("htmx:afterSettle", (event) => {
  if (!early || !event.detail.requestConfig.elt.matches("form")) return;
  const element = early !== "a" && !event.detail.xhr.getResponseHeader("HX-Push-Url") && named(early);
  early = "";
  if (element) choose(element);
});
