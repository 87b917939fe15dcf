// Messages of this browser while nobody looks at the page: asked for by a button, told in our own words alone.
const KEY = "placet_ring";
const button = document.querySelector("[data-ring]");
const wanted = () => "Notification" in window && Notification.permission === "granted" && localStorage.getItem(KEY) === "on";
let tag = "";

function label() {
  const state = !("Notification" in window) || Notification.permission === "denied" ? "never" : wanted() ? "on" : "off";
  button.textContent = button.dataset[state];
  button.disabled = state === "never";
  button.hidden = false;
}

async function look() {
  if (!document.hidden || !wanted()) return;
  const headers = tag ? { "If-None-Match": tag } : {};
  const answer = await fetch("/notices/new/", { headers, redirect: "error", cache: "no-store" }).catch(() => null);
  if (answer?.status !== 200) return;
  tag = answer.headers.get("ETag") ?? "";
  for (const { id, title, lines, url } of (await answer.json()).notices) {
    const seen = JSON.parse(localStorage.getItem(`${KEY}_seen`) ?? "[]");
    if (seen.includes(id)) continue;
    localStorage.setItem(`${KEY}_seen`, JSON.stringify([...seen.slice(-50), id]));
    // the same tag in another tab takes its place instead of ringing twice
    const shown = new Notification(title, { body: lines.join("\n"), tag: id });
    shown.onclick = () => (window.focus(), location.assign(url), shown.close());
  }
}

if (button) {
  label();
  button.addEventListener("click", async () => {
    const on = !wanted() && (await Notification.requestPermission()) === "granted";
    localStorage.setItem(KEY, on ? "on" : "off");
    label();
  });
}
setInterval(look, 15000);
