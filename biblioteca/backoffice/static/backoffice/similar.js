// Works that may be the one whose title is being typed.

const box = document.querySelector("[data-similar]");
const title = box && document.querySelector("#id_titulo");

function card(work) {
  const item = document.createElement("li");
  const cover = work.capa
    ? document.createElement("img")
    : document.createElementNS("http://www.w3.org/2000/svg", "svg");
  cover.setAttribute("class", work.capa ? "cover" : "cover cover-missing");
  cover.setAttribute("width", 32);
  cover.setAttribute("height", 44);
  cover.setAttribute("alt", "");
  if (work.capa) {
    cover.referrerPolicy = "no-referrer";
    cover.src = work.capa;
  }
  const text = document.createElement("span");
  text.className = "card-text";
  const name = document.createElement("strong");
  name.textContent = work.titulo;
  const who = document.createElement("span");
  who.textContent = [work.autores, work.editora].filter(Boolean).join(" · ");
  text.append(name, who);
  const link = document.createElement("a");
  link.href = work.endereco;
  link.className = "plain-button";
  link.textContent = box.dataset.thisOne;
  link.setAttribute("aria-label", `${box.dataset.thisOne}: ${work.titulo}`);
  item.append(cover, text, link);
  return item;
}

async function look() {
  const query = new URLSearchParams({ titulo: title.value, obra: box.dataset.work });
  const turn = (look.turn = (look.turn ?? 0) + 1);
  try {
    const answer = await fetch(`${box.dataset.similar}?${query}`, { redirect: "error" });
    const { obras } = await answer.json();
    if (turn !== look.turn) return;
    box.querySelector("ul").replaceChildren(...obras.map(card));
    box.hidden = obras.length === 0;
    box.querySelector("[data-heading]").textContent = obras.length
      ? box.dataset.heading.replace("{n}", obras.length) : "";
  } catch {
    box.hidden = true;
  }
}

if (title) {
  title.parentElement.append(box);
  let waiting;
  title.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(look, 350);
  });
}
