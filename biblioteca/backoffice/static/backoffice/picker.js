// A text field that finds records: ARIA's combobox with a list of what was found.
// It dispatches "chosen" with {id, text}; with a hidden field it keeps the id there.

const csrf = () => document.querySelector("input[name=csrfmiddlewaretoken]")?.value ?? "";

class Picker {
  constructor(root) {
    this.root = root;
    this.text = root.querySelector("[data-text]");
    this.value = root.querySelector("input[data-value]");
    this.clear = root.querySelector("[data-clear]");
    this.list = root.querySelector("[role=listbox]");
    this.note = root.querySelector("[data-note]");
    this.chosen = this.value?.value ? this.text.value : "";
    this.options = [];
    this.active = -1;
    this.asked = 0;
    this.text.addEventListener("input", () => this.typed());
    this.text.addEventListener("keydown", (event) => this.pressed(event));
    this.text.addEventListener("focus", () => { if (!this.text.value) this.look(); });
    this.text.addEventListener("blur", () => setTimeout(() => this.left(), 150));
    this.list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.choose(Number(option.dataset.place));
    });
    this.clear?.addEventListener("click", () => {
      this.set("", "");
      this.text.focus();
    });
  }

  typed() {
    if (this.value) this.value.value = "";
    this.mark(false);
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.look(), 200);
  }

  async look() {
    const term = this.text.value.trim();
    const turn = ++this.asked;
    let found;
    try {
      const answer = await fetch(`${this.root.dataset.source}&term=${encodeURIComponent(term)}`, {
        headers: { Accept: "application/json" }, redirect: "error",
      });
      if (!answer.ok) throw new Error(answer.status);
      found = (await answer.json()).results;
    } catch {
      if (turn === this.asked) this.note.textContent = this.root.dataset.failed;
      return;
    }
    if (turn !== this.asked || document.activeElement !== this.text) return;
    this.show(found, term);
  }

  show(found, term) {
    this.options = found.map((record) => ({ id: record.id, text: record.text }));
    if (this.root.dataset.create && term) this.options.push({ create: term });
    this.list.replaceChildren(...this.options.map((option, place) => this.item(option, place)));
    this.open(this.options.length > 0);
    this.note.textContent = found.length
      ? this.root.dataset.found.replace("{n}", found.length)
      : this.root.dataset.none;
    this.point(-1);
  }

  item(option, place) {
    const item = document.createElement("li");
    item.id = `${this.text.id}_${place}`;
    item.setAttribute("role", "option");
    item.dataset.place = place;
    if (option.create) {
      item.className = "picker-create";
      item.textContent = `+ ${this.root.dataset.createLabel} “${option.create}”`;
    } else {
      const number = document.createElement("small");
      number.textContent = ` nº ${option.id}`;
      item.append(option.text, number);
    }
    return item;
  }

  open(is) {
    this.list.hidden = !is;
    this.text.setAttribute("aria-expanded", String(is));
    if (!is) this.point(-1);
  }

  point(place) {
    this.active = place;
    [...this.list.children].forEach((item, number) => {
      item.setAttribute("aria-selected", String(number === place));
    });
    const item = this.list.children[place];
    if (item) {
      this.text.setAttribute("aria-activedescendant", item.id);
      item.scrollIntoView({ block: "nearest" });
    } else {
      this.text.removeAttribute("aria-activedescendant");
    }
  }

  pressed(event) {
    const last = this.options.length - 1;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (this.list.hidden) { this.look(); return; }
      const step = event.key === "ArrowDown" ? 1 : -1;
      const next = this.active + step;
      this.point(next > last ? 0 : next < 0 ? last : next);
    } else if (event.key === "Enter" && !this.list.hidden && this.active >= 0) {
      event.preventDefault();
      this.choose(this.active);
    } else if (event.key === "Enter" && this.text.value && !this.value?.value) {
      event.preventDefault();  // half a name is no reason to send the form
    } else if (event.key === "Escape" && !this.list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      this.open(false);
    }
  }

  async choose(place) {
    const option = this.options[place];
    this.open(false);
    if (option.create) {
      const made = await this.create(option.create);
      if (made) {
        this.set(made.id, made.text);
        this.note.textContent = this.root.dataset.created.replace("{name}", made.text);
      }
    } else {
      this.set(option.id, option.text);
    }
  }

  async create(name) {
    try {
      const body = new URLSearchParams({ nome: name, csrfmiddlewaretoken: csrf() });
      const answer = await fetch(this.root.dataset.create, { method: "POST", body, redirect: "error" });
      const made = await answer.json();
      if (made.ok) return made;
      this.note.textContent = made.mensagem;
    } catch {
      this.note.textContent = this.root.dataset.failed;
    }
    return null;
  }

  set(id, text) {
    this.mark(false);
    this.note.textContent = "";
    if (this.value) {
      this.value.value = id;
      this.text.value = text;
      this.chosen = text;
      this.clear.hidden = !id;
      this.value.dispatchEvent(new Event("change", { bubbles: true }));
    } else {
      this.text.value = "";
    }
    this.root.dispatchEvent(new CustomEvent("chosen", { bubbles: true, detail: { id: String(id), text } }));
  }

  left() {
    if (document.activeElement === this.text) return;
    this.open(false);
    const text = this.text.value.trim();
    if (!this.value || this.value.value) return;
    if (!text) {
      this.clear.hidden = true;
      this.note.textContent = "";
    } else {
      this.mark(true);
      this.note.textContent = this.root.dataset.choose;
    }
  }

  mark(isWrong) {
    this.text.setAttribute("aria-invalid", String(isWrong));
    this.note.classList.toggle("is-wrong", isWrong);
  }
}

for (const root of document.querySelectorAll("[data-picker]")) new Picker(root);

document.addEventListener("chosen", (event) => {
  event.target.closest("form[data-submit-on-choice]")?.requestSubmit();
});
