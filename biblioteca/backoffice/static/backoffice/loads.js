// How far a load is, every second or two; and files that are too long, before they are sent.
// Without this the page has a link that asks again, and the service refuses in words.

const shown = document.querySelector("[data-progress]");

async function ask() {
  const response = await fetch(shown.dataset.progress, { headers: { Accept: "application/json" } });
  if (!response.ok || response.redirected) return false;
  const now = await response.json();
  if (now.estado !== shown.dataset.state && !(now.em_andamento && shown.dataset.phase === phase(now.estado))) {
    window.location.reload();
    return false;
  }
  const bar = shown.querySelector("progress");
  if (now.porcento === null) bar.removeAttribute("value");
  else bar.value = now.porcento;
  for (const place of document.querySelectorAll("[data-label]")) place.textContent = now.titulo;
  const text = shown.querySelector("[data-text]");
  if (text.textContent !== now.texto) text.textContent = now.texto;
  return true;
}

function phase(state) {
  return { recebido: "a", simulando: "a", na_fila: "b", carregando: "b", desfazendo: "c" }[state] ?? "";
}

if (shown) {
  shown.dataset.phase = phase(shown.dataset.state);
  const step = () =>
    ask().then(
      (more) => more && window.setTimeout(step, 1500),
      () => window.setTimeout(step, 5000), // the service is away for a moment
    );
  window.setTimeout(step, 1000);
}

const files = document.querySelector("input[type=file][data-most-bytes]");

if (files) {
  // The theme writes the name of a chosen file into the next text field; ours is another matter.
  files.hasChangeListener = true;
  const note = document.getElementById(files.dataset.note);
  files.addEventListener("change", () => {
    const bytes = [...files.files].reduce((sum, file) => sum + file.size, 0);
    const tooLong = bytes > Number(files.dataset.mostBytes);
    files.setCustomValidity(tooLong ? note.dataset.tooLong : "");
    note.textContent = tooLong ? note.dataset.tooLong : "";
  });
  files.form.addEventListener("submit", () => {
    const button = files.form.querySelector("[type=submit]");
    button.textContent = button.dataset.sending;
    button.setAttribute("aria-disabled", "true");
  });
}
