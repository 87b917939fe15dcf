// Polling that rests while nobody looks, focus and announcements after a swap. Nothing here decides anything.
const announcer = document.getElementById("announcer");
let said = "";
let reason = "";

const busy = () => document.querySelector("form.htmx-request") !== null;

// What polls is marked data-live: a hidden page asks for nothing, nor does one whose form waits for its answer.
document.addEventListener("htmx:beforeRequest", (event) => {
  if ((document.hidden || busy()) && event.detail.elt.matches("[data-live]")) event.preventDefault();
});

// A poll that was already on its way does not take the place of the form's answer. A chosen reason stays chosen.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (busy() && event.detail.requestConfig.elt.matches("[data-live]")) event.detail.shouldSwap = false;
  reason = document.querySelector("[name=reason]:checked")?.value ?? "";
});

document.addEventListener("htmx:afterSwap", (event) => {
  const swapped = document.getElementById(event.detail.target.id) ?? event.detail.target;
  const words = swapped.dataset.announce ?? "";
  if (announcer && words !== said) announcer.textContent = said = words;
  const chosen = reason && document.querySelector(`[name=reason][value="${CSS.escape(reason)}"]`);
  if (chosen) chosen.checked = true;
  if (!event.detail.requestConfig.elt.matches("form")) return;
  const heading = swapped.querySelector("[data-focus]");
  if (!heading) return;
  heading.focus({ preventScroll: true });
  (swapped.querySelector("[role=alert]") ?? heading).scrollIntoView({ block: "nearest" }); // a refusal stands above
});

// A server that does not answer is said, not hidden.
for (const failure of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
  document.addEventListener(failure, () => {
    if (announcer) announcer.textContent = said = "The console did not answer. What you see may be old.";
    document.body.dataset.stale = "yes";
  });
}
document.addEventListener("htmx:afterOnLoad", () => delete document.body.dataset.stale);

// Whoever works on a case keeps it: a sign of life since the last look prolongs its lease when it has run half.
let alive = false;
for (const sign of ["pointermove", "keydown", "touchstart"]) {
  document.addEventListener(sign, () => { alive = true; }, { passive: true });
}
document.addEventListener("htmx:afterSwap", () => {
  const more = document.querySelector("[data-renew]");
  if (!more || !alive || document.hidden || busy()) return;
  alive = false;
  more.form.requestSubmit();
});
