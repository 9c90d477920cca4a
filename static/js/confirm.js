// A form with data-confirm asks before it is sent. Without script it is sent at once.
export function attach(form) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.confirmed) return;
    event.preventDefault();
    ask(form, event.submitter);
  });
}

function ask(form, submitter) {
  const box = document.createElement("dialog");
  box.className = "box box-question";
  const question = document.createElement("p");
  question.textContent = form.dataset.confirm;
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
