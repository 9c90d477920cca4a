// A form with data-confirm, or with a button that has one, asks before it is sent. Without script it is sent at once.
// In the question of a button, {count} is how many rows are chosen; data-confirm-one is for one alone.
export function attach(form) {
  form.addEventListener("submit", (event) => {
    const words = wordsOf(form, event.submitter);
    if (form.dataset.confirmed || !words) return;
    event.preventDefault();
    ask(form, event.submitter, words);
  });
}

function wordsOf(form, submitter) {
  const { confirm = form.dataset.confirm, confirmOne } = submitter?.dataset ?? {};
  const count = form.querySelectorAll("[data-select-row]:checked").length;
  return count === 1 && confirmOne ? confirmOne : confirm?.replace("{count}", count);
}

function ask(form, submitter, words) {
  const box = document.createElement("dialog");
  box.className = "box box-question";
  const question = document.createElement("p");
  question.textContent = words;
  question.id = "question";
  box.setAttribute("aria-labelledby", question.id);
  const answers = document.createElement("form");
  answers.method = "dialog";
  answers.className = "box-answers";
  answers.append(answer("Go back", "btn btn-plain", ""), answer(submitter?.textContent.trim() || "Yes", "btn btn-danger", "yes"));
  box.append(question, answers);
  document.querySelector("main").append(box);
  box.addEventListener("close", () => {
    box.remove();
    if (box.returnValue !== "yes") return submitter?.focus();
    form.dataset.confirmed = "yes";
    form.requestSubmit(submitter);
    delete form.dataset.confirmed;
  });
  box.showModal();
}

function answer(words, look, value) {
  const button = document.createElement("button");
  button.className = look;
  button.value = value;
  button.textContent = words;
  return button;
}
