// The rows of an open queue stay where they are while somebody looks at them. Nothing here decides anything.
const FAST = 900, SLOW = 2500, IDLE = 10000;
let sign = Date.now(), looked = 0;
for (const kind of ["pointermove", "keydown", "scroll", "touchstart"]) document.addEventListener(kind, () => (sign = Date.now()));

// Milliseconds between two looks: short while somebody works, long when nobody has moved for minutes.
const pace = (still = Date.now() - sign) => (still < 30_000 ? FAST : still < 300_000 ? SLOW : IDLE);
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.elt.id !== "queue") return;
  if (Date.now() - looked < pace() - 100) return event.preventDefault();
  looked = Date.now();
});
const rowsOf = (list) => new Map([...list.querySelectorAll("[data-row]")].map((link) => [link.id, link.closest("tr")]));

// What changed is changed in place, what is gone says so, what is new waits until somebody asks to see it.
function merge(list, fresh, note) {
  const there = rowsOf(fresh);
  for (const [id, row] of rowsOf(list)) {
    const now = there.get(id);
    there.delete(id);
    if (!now) {
      row.className = "gone";
      row.cells[1].textContent = note.dataset.gone;
    } else if (now.innerHTML !== row.innerHTML) {
      const held = row.contains(document.activeElement);
      row.replaceChildren(...now.cells);
      if (held) row.querySelector("[data-row]").focus({ preventScroll: true });
    }
  }
  list.setAttribute("hx-headers", fresh.getAttribute("hx-headers"));
  note.querySelector("b").textContent = there.size;
  note.classList.toggle("some", there.size > 0);
  if (there.size) document.getElementById("announcer").textContent = note.textContent;
}

document.addEventListener("htmx:beforeSwap", (event) => {
  const { target: list, elt, shouldSwap, serverResponse } = event.detail;
  if (list.id !== "queue" || elt.id !== "queue" || !shouldSwap || !list.querySelector("tbody")) return;
  const watched = list.matches(":hover") || list.contains(document.activeElement) || window.scrollY > 0;
  const fresh = new DOMParser().parseFromString(serverResponse, "text/html").getElementById("queue");
  if (!watched || fresh?.dataset.halted !== list.dataset.halted) return; // a halt is worth a jump
  event.detail.shouldSwap = false;
  merge(list, fresh, document.getElementById("newer"));
});
