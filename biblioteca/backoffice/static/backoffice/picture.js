// A picture by file, dropped, or by address: shown at once, and checked by the server's own rules.

class PictureField {
  constructor(root) {
    this.root = root;
    this.image = root.querySelector("[data-preview]");
    this.nothing = root.querySelector("[data-nothing]");
    this.file = root.querySelector("[data-file]");
    this.address = root.querySelector("[data-address]");
    this.drop = root.querySelector("[data-drop]");
    this.none = root.querySelector("[data-none]");
    this.note = root.querySelector("[data-note]");
    this.turn = 0;
    // The theme would write the name of a chosen file into the field of the address.
    this.file.hasChangeListener = true;
    this.file.addEventListener("change", () => this.fileChosen());
    this.address.addEventListener("input", () => {
      clearTimeout(this.waiting);
      this.waiting = setTimeout(() => this.addressTyped(), 400);
    });
    this.none.addEventListener("click", () => this.remove());
    this.image.addEventListener("error", () => {
      if (this.image.hidden) return;
      this.show("");
      if (!this.note.textContent) this.say(this.root.dataset.unseen, false);
    });
    for (const name of ["dragenter", "dragover"]) root.addEventListener(name, (event) => this.over(event));
    for (const name of ["dragleave", "drop"]) root.addEventListener(name, () => this.drop.classList.remove("is-over"));
    root.addEventListener("drop", (event) => this.dropped(event));
  }

  over(event) {
    event.preventDefault();
    this.drop.classList.add("is-over");
  }

  dropped(event) {
    event.preventDefault();
    const [file] = event.dataTransfer.files;
    if (file) {
      const carrier = new DataTransfer();
      carrier.items.add(file);
      this.file.files = carrier.files;
      this.file.dispatchEvent(new Event("change", { bubbles: true }));
      return;
    }
    const address = event.dataTransfer.getData("text/uri-list").split("\n")[0].trim();
    if (address) {
      this.address.value = address;
      this.addressTyped();
    }
  }

  fileChosen() {
    const [file] = this.file.files;
    if (!file) { this.addressTyped(); return; }
    if (file.size > Number(this.root.dataset.most)) {
      this.show("");
      this.say(this.root.dataset.tooLarge, true);
      return;
    }
    this.show(URL.createObjectURL(file));
    this.check("arquivo", file);
  }

  addressTyped() {
    const address = this.address.value.trim();
    if (this.file.files.length) this.file.value = "";
    this.show(/^(https?:\/\/|\/)/i.test(address) ? address : "");
    if (address) this.check("foto", address); else this.say("", false);
  }

  remove() {
    this.file.value = "";
    this.address.value = "";
    this.file.dispatchEvent(new Event("change", { bubbles: true }));
    this.show("");
    this.say("", false);
    this.file.focus();
  }

  show(address) {
    const has = address !== "";
    this.image.hidden = !has;
    if (has) this.image.src = address; else this.image.removeAttribute("src");
    this.nothing.hidden = has;
    this.none.hidden = !has && !this.address.value;
  }

  async check(name, value) {
    const turn = ++this.turn;
    const body = new FormData();
    body.append("csrfmiddlewaretoken", document.querySelector("input[name=csrfmiddlewaretoken]").value);
    body.append(name, value);
    this.say(this.root.dataset.checking, false);
    let said;
    try {
      const answer = await fetch(this.root.dataset.check, { method: "POST", body, redirect: "error" });
      said = await answer.json();
    } catch {
      said = { ok: true, mensagem: this.root.dataset.failed };
    }
    if (turn !== this.turn) return;
    this.say(said.mensagem, !said.ok);
    if (!said.ok) this.show("");
  }

  say(text, isWrong) {
    if (!text) this.turn += 1;
    this.note.textContent = text;
    this.note.classList.toggle("is-wrong", isWrong);
    this.file.setAttribute("aria-invalid", String(isWrong && this.file.files.length > 0));
    this.address.setAttribute("aria-invalid", String(isWrong && !this.file.files.length));
  }
}

for (const root of document.querySelectorAll("[data-picture]")) new PictureField(root);
