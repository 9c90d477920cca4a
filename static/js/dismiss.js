// A message that can be put away.
export function attach(message) {
  const button = message.querySelector(".note-close");
  button.hidden = false;
  button.addEventListener("click", () => {
    message.remove();
    document.getElementById("main").focus({ preventScroll: true });
  });
}
