// A button that copies data-copy, says data-done for a moment, and tells screen readers too.
import { say } from "./say.js";

const SHOWN_MS = 2000;

export function attach(button) {
  const words = button.querySelector("[data-words]");
  const before = words.textContent;
  let timer;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await copy(button.dataset.copy);
    words.textContent = button.dataset.done;
    button.classList.add("is-done");
    say(button.dataset.done);
    clearTimeout(timer);
    timer = setTimeout(() => {
      words.textContent = before;
      button.classList.remove("is-done");
    }, SHOWN_MS);
  });
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // No clipboard on plain http or without permission: the old way still works.
    const field = document.createElement("textarea");
    field.value = text;
    field.className = "visually-hidden";
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
}
