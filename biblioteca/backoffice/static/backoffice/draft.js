// What was typed outlives a session that ended. On "save" the fields are kept in this tab (a chosen
// picture in the browser's database); when the answer is the sign-in page they are marked, and after
// signing in the same person finds the form as it was, unsaved, with the picture still chosen.

const KEY = "biblioteca.draft";
const OLDEST = 12 * 3600 * 1000;
const editor = document.querySelector("meta[name=editor]")?.content ?? "";
const marker = document.querySelector("[data-draft-form]");
const form = marker?.closest("form");
const here = location.pathname + location.search;
const isSignIn = document.querySelector("#login-form") !== null;

function read() {
  try { return JSON.parse(sessionStorage.getItem(KEY)); } catch { return null; }
}

function write(draft) {
  try {
    if (draft) sessionStorage.setItem(KEY, JSON.stringify(draft)); else sessionStorage.removeItem(KEY);
  } catch { /* a private window without storage keeps nothing */ }
}

function store(mode, work) {
  return new Promise((resolve) => {
    const opening = indexedDB.open("biblioteca", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("pictures");
    opening.onerror = () => resolve(null);
    opening.onsuccess = () => {
      const request = work(opening.result.transaction("pictures", mode).objectStore("pictures"));
      request.onsuccess = () => { resolve(request.result ?? null); opening.result.close(); };
      request.onerror = () => { resolve(null); opening.result.close(); };
    };
  }).catch(() => null);
}

const keepPicture = (file) => store("readwrite", (shelf) => (file ? shelf.put(file, here) : shelf.delete(here)));
const keptPicture = (place) => store("readonly", (shelf) => shelf.get(place));
const forgetPictures = () => store("readwrite", (shelf) => shelf.clear());

function keep(event) {
  const data = new FormData(form, event.submitter);
  const entries = [...data].filter(([name, value]) => typeof value === "string" && name !== "csrfmiddlewaretoken");
  const file = form.querySelector("[data-file]")?.files[0];
  write({ here, editor, entries, picture: Boolean(file), at: Date.now() });
  // Another tab may have signed in anew since this page came: the cookie's token is the valid one.
  const token = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1];
  if (token) form.querySelector("input[name=csrfmiddlewaretoken]").value = token;
}

function showAgain(draft) {
  const post = document.createElement("form");
  post.method = "post";
  post.action = here;
  post.hidden = true;
  const buttons = ["_save", "_continue", "_addanother"];
  const token = form.querySelector("input[name=csrfmiddlewaretoken]").value;
  const kept = draft.entries.filter(([name]) => !buttons.includes(name));
  for (const [name, value] of [...kept, ["_rever", "1"], ["csrfmiddlewaretoken", token]]) {
    const field = document.createElement("textarea");
    field.name = name;
    field.value = value;
    post.append(field);
  }
  write({ ...draft, signedOut: false, showing: true });
  document.body.append(post);
  post.submit();
}

async function chooseAgain() {
  const input = form.querySelector("[data-file]");
  const file = await keptPicture(here);
  if (!file) {
    input.closest("[data-picture]").querySelector("[data-note]").textContent = marker.dataset.pictureLost;
    return;
  }
  const carrier = new DataTransfer();
  carrier.items.add(file);
  input.files = carrier.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

const draft = read();
const isMine = draft && draft.editor === editor && draft.here === here && Date.now() - draft.at < OLDEST;
if (isSignIn) {
  if (draft) write({ ...draft, signedOut: true, showing: false });
} else if (form && isMine && draft.signedOut) {
  showAgain(draft);
} else if (form && isMine && "draftShown" in marker.dataset) {
  if (draft.picture) chooseAgain();
} else if (draft && editor) {
  write(null);
  forgetPictures();
}

form?.addEventListener("submit", keep);
form?.querySelector("[data-file]")?.addEventListener("change", (event) => keepPicture(event.target.files[0]));
