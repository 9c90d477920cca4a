// A form is sent once: a double click, or Enter after it sent itself, changes nothing for a few seconds.
const AGAIN_AFTER_MS = 5000;
let sent = new WeakSet();

function guard(event) {
  const form = event.target;
  if (event.defaultPrevented) return;
  if (sent.has(form)) {
    event.preventDefault();
    return;
  }
  sent.add(form);
  setTimeout(() => sent.delete(form), AGAIN_AFTER_MS);
}

document.addEventListener("submit", guard);
// The page comes back as it was left when somebody presses Back.
window.addEventListener("pageshow", () => { sent = new WeakSet(); });
