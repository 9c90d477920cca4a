// Speaks a short message to screen readers without moving the focus.
export function say(message) {
  let region = document.getElementById("spoken");
  if (!region) {
    region = document.createElement("div");
    region.id = "spoken";
    region.className = "visually-hidden";
    region.setAttribute("role", "status");
    document.querySelector("main").append(region);
  }
  region.textContent = "";
  requestAnimationFrame(() => { region.textContent = message; });
}
