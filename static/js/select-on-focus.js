// A read-only field whose text is chosen whole, ready to be copied.
export function attach(field) {
  field.addEventListener("focus", () => field.select());
}
