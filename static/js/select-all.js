// A form over rows: one box chooses them all, a line says how many, and the buttons wait for a choice.
export function attach(form) {
  const all = form.querySelector("[data-select-all]");
  const count = form.querySelector("[data-select-count]");
  const rows = () => [...form.querySelectorAll("[data-select-row]")];

  function show() {
    const chosen = rows().filter((row) => row.checked).length;
    if (all) {
      all.closest("label").hidden = false;
      all.checked = chosen > 0 && chosen === rows().length;
      all.indeterminate = chosen > 0 && !all.checked;
    }
    if (count) count.textContent = chosen ? `${chosen} chosen` : "None chosen";
    for (const button of form.querySelectorAll(".bulk-bar button")) button.disabled = chosen === 0;
  }

  form.addEventListener("change", (event) => {
    if (event.target === all) for (const row of rows()) row.checked = all.checked;
    show();
  });
  addEventListener("pageshow", show);
  show();
}
