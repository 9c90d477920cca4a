// Finds [data-behaviour="name other"], fetches each named module once, and attaches it once to each element.
// A module exports attach(element). Its address carries our own version.
const version = new URL(import.meta.url).search;
const attached = new WeakMap();

async function attach(element, name) {
  const done = attached.get(element) ?? new Set();
  if (done.has(name)) return;
  attached.set(element, done.add(name));
  const behaviour = await import(`./${name}.js${version}`);
  behaviour.attach(element);
}

function attachAll(root) {
  const elements = [...root.querySelectorAll("[data-behaviour]")];
  if (root.matches?.("[data-behaviour]")) elements.unshift(root);
  return Promise.all(elements.flatMap((element) => (
    element.dataset.behaviour.split(/\s+/).map((name) => attach(element, name))
  )));
}

await import(`./send-once.js${version}`);
document.addEventListener("htmx:load", (event) => attachAll(event.target));
await attachAll(document);
// Tests wait for this before they press anything.
document.documentElement.dataset.ready = "yes";
