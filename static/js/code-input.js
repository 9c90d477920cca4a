// A six-digit code: keeps digits only, takes a paste with spaces, and sends the form when complete.
const LENGTH = 6;

export function attach(input) {
  let sent = false;
  input.addEventListener("input", () => {
    const digits = input.value.replace(/\D/g, "").slice(0, LENGTH);
    input.value = digits;
    if (digits.length < LENGTH || sent) return;
    sent = true;
    input.form.requestSubmit();
  });
}
