// Polling that rests while nobody looks, focus and announcements after a swap. Nothing here decides anything.
const announcer = document.getElementById("announcer");
let said = "", alive = false, reason, held, folds;
const busy = () => document.querySelector("form.htmx-request") !== null;

// What polls is marked data-live: a hidden page asks for nothing, nor does one whose form waits for its answer.
document.addEventListener("htmx:beforeRequest", (event) => {
  if ((document.hidden || busy()) && event.detail.elt.matches("[data-live]")) event.preventDefault();
});

// A poll that is on its way does not take the place of a form's answer. What was chosen, unfolded or focused is kept.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (busy() && event.detail.requestConfig.elt.matches("[data-live]")) event.detail.shouldSwap = false;
  reason = document.querySelector("[name=reason]:checked")?.id;
  folds = [...document.querySelectorAll("details[id]")];
  held = document.activeElement;
});

document.addEventListener("htmx:afterSwap", (event) => {
  const swapped = document.getElementById(event.detail.target.id) ?? event.detail.target;
  const words = swapped.dataset.announce ?? "";
  if (words !== said) announcer.textContent = said = words;
  document.getElementById(reason)?.click();
  for (const { id, open } of folds) document.getElementById(id)?.toggleAttribute("open", open);
  const heading = swapped.querySelector("[data-focus]");
  if (event.detail.requestConfig.elt.matches("form")) {
    heading?.focus({ preventScroll: true });
    (swapped.querySelector("[role=alert]") ?? heading)?.scrollIntoView({ block: "nearest" }); // a refusal stands above
  } else if (document.activeElement === document.body) {
    const twin = [...swapped.querySelectorAll(held.tagName)].find((each) => each.outerHTML === held.outerHTML);
    (held.isConnected ? held : twin ?? heading)?.focus({ preventScroll: true });
  }
  const more = document.querySelector("[data-renew]");
  if (!more || !alive || document.hidden || busy()) return;
  alive = false;
  more.form.requestSubmit();
});

// The button that gives a reason says which: it may have been chosen far above.
document.addEventListener("change", ({ target }) => {
  const place = target.name === "reason" && target.form.querySelector("[data-reason]");
  if (place) place.textContent = target.nextElementSibling.textContent;
});

// What waits for a moment says until when, and no longer than that. The server has the last word.
document.addEventListener("htmx:load", ({ target }) => {
  for (const wait of target.querySelectorAll("[data-waits]")) setTimeout(() => wait.remove(), wait.dataset.waits);
});

// A server that does not answer is said, not hidden.
for (const failure of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) document.addEventListener(failure, () => {
  announcer.textContent = said = announcer.dataset.silent;
  document.body.dataset.stale = "yes";
});
document.addEventListener("htmx:afterOnLoad", () => delete document.body.dataset.stale);

// Whoever works on a case keeps it: a sign of life since the last look prolongs its lease when it has run half.
for (const sign of ["pointermove", "keydown", "touchstart"]) document.addEventListener(sign, () => { alive = true; });
