// Records in an order: by buttons (the focus stays, what happened is said) and by dragging.

const said = document.querySelector("#said");

class Ordered {
  constructor(root) {
    this.root = root;
    this.rows = root.querySelector("[data-rows]");
    this.template = root.querySelector("[data-row-template]");
    this.rows.addEventListener("click", (event) => this.clicked(event));
    this.rows.addEventListener("pointerdown", (event) => this.grabbed(event));
    root.addEventListener("chosen", (event) => {
      event.stopPropagation();
      this.add(event.detail);
    });
  }

  all() { return [...this.rows.querySelectorAll("[data-row]")]; }

  name(row) { return row.querySelector("[data-label]").textContent.trim(); }

  say(text) { if (said) said.textContent = text; }

  changed() { this.root.dispatchEvent(new Event("change", { bubbles: true })); }

  clicked(event) {
    const button = event.target.closest("button");
    const row = button?.closest("[data-row]");
    if (!row) return;
    if (button.matches("[data-remove]")) this.remove(row);
    else this.move(row, button.matches("[data-up]") ? -1 : 1, button);
  }

  move(row, step, button) {
    const rows = this.all();
    const place = rows.indexOf(row);
    const other = rows[place + step];
    if (other) {
      if (step < 0) other.before(row); else other.after(row);
      this.changed();
    }
    button.focus();
    this.sayPlace(row);
  }

  sayPlace(row) {
    const rows = this.all();
    this.say(this.root.dataset.moved.replace("{name}", this.name(row))
      .replace("{n}", rows.indexOf(row) + 1).replace("{total}", rows.length));
  }

  remove(row) {
    const rows = this.all();
    const place = rows.indexOf(row);
    const next = rows[place + 1] ?? rows[place - 1];
    const name = this.name(row);
    row.remove();
    this.changed();
    (next?.querySelector("[data-remove]") ?? this.root.querySelector("[data-text]")).focus();
    this.say(this.root.dataset.removed.replace("{name}", name));
  }

  add({ id, text }) {
    if (this.all().some((row) => row.querySelector("[data-value]").value === id)) {
      this.say(this.root.dataset.already.replace("{name}", text));
      this.root.querySelector("[data-note]").textContent = this.root.dataset.already.replace("{name}", text);
      return;
    }
    const row = this.template.content.firstElementChild.cloneNode(true);
    row.querySelector("[data-value]").value = id;
    const label = row.querySelector("[data-label]");
    label.textContent = text;
    label.removeAttribute("href");
    for (const button of row.querySelectorAll("button")) {
      button.setAttribute("aria-label", button.getAttribute("aria-label") + text);
    }
    this.rows.append(row);
    this.changed();
    this.say(this.root.dataset.added.replace("{name}", text).replace("{n}", this.all().length));
  }

  grabbed(event) {
    const handle = event.target.closest("[data-handle]");
    if (!handle || event.button !== 0) return;
    event.preventDefault();
    const row = handle.closest("[data-row]");
    row.classList.add("is-dragged");
    const follow = (moved) => {
      const over = document.elementFromPoint(moved.clientX, moved.clientY)?.closest("[data-row]");
      if (!over || over === row || over.parentNode !== this.rows) return;
      const box = over.getBoundingClientRect();
      if (moved.clientY < box.top + box.height / 2) over.before(row); else over.after(row);
    };
    const drop = () => {
      row.classList.remove("is-dragged");
      document.removeEventListener("pointermove", follow);
      document.removeEventListener("pointerup", drop);
      document.removeEventListener("pointercancel", drop);
      this.changed();
      this.sayPlace(row);
    };
    document.addEventListener("pointermove", follow);
    document.addEventListener("pointerup", drop);
    document.addEventListener("pointercancel", drop);
  }
}

for (const root of document.querySelectorAll("[data-ordered]")) new Ordered(root);
