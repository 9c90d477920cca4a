// The phone's own share sheet. Stays hidden where there is none: the copy button beside it remains.
export function attach(button) {
  const { url, text, title } = button.dataset;
  if (!navigator.share) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.share({ url, text, title });
    } catch (refusal) {
      if (refusal.name !== "AbortError") throw refusal;
    }
  });
}
