// Rows of identifiers; the server says of each number whether it is right, and what it expected.

async function check(root, row) {
  const number = row.querySelector("[data-number]");
  const note = row.querySelector("[data-note]");
  const value = number.value.trim();
  const turn = (row.turn = (row.turn ?? 0) + 1);
  const show = (text, isWrong) => {
    note.textContent = text;
    note.classList.toggle("is-wrong", isWrong);
    number.setAttribute("aria-invalid", String(isWrong));
  };
  if (!value) { show("", false); return; }
  const query = new URLSearchParams({ esquema: row.querySelector("[data-scheme]").value, valor: value });
  try {
    const answer = await fetch(`${root.dataset.check}?${query}`, { redirect: "error" });
    const said = await answer.json();
    if (turn === row.turn) show(said.mensagem, !said.ok);
  } catch {
    // What cannot be asked now is checked when the form is saved.
  }
}

for (const root of document.querySelectorAll("[data-identifiers]")) {
  const rows = root.querySelector("[data-rows]");
  const template = root.querySelector("[data-row-template]");
  const add = root.querySelector("[data-add]");
  let waiting;
  add.addEventListener("click", () => {
    const row = template.content.firstElementChild.cloneNode(true);
    rows.append(row);
    row.querySelector("[data-number]").focus();
  });
  rows.addEventListener("click", (event) => {
    if (!event.target.closest("[data-remove]")) return;
    event.target.closest("[data-row]").remove();
    add.focus();
  });
  const changed = (event) => {
    const row = event.target.closest("[data-row]");
    clearTimeout(waiting);
    waiting = setTimeout(() => check(root, row), event.type === "input" ? 400 : 0);
  };
  rows.addEventListener("input", changed);
  rows.addEventListener("change", changed);
  // A scanner ends with Enter: that is no reason to send the form.
  rows.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("[data-number]")) {
      event.preventDefault();
      changed({ target: event.target, type: "change" });
    }
  });
  for (const row of rows.querySelectorAll("[data-row]")) check(root, row);
}
