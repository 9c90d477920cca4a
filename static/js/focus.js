// Moves the focus to a summary of errors when the page opens.
export function attach(element) {
  element.focus();
}
