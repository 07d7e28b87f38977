// One ballot after the other: fetch the next photo, let it be ranked, post the ranking.
import { openZoom } from "/zoom.js";

const by = (id) => document.getElementById(id);
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
let rater = "";
let open = null;
let ranking = []; // tokens, the best first
let began = 0;

async function ask(url, options) {
  const answer = await fetch(url, options);
  const said = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(said.error), { status: answer.status });
  return said;
}

function only(id) {
  for (const part of ["welcome", "ballot", "thanks"]) by(part).hidden = part !== id;
}

function complain(error) {
  by("error").textContent = error.message;
  by("error").hidden = false;
}

async function nextPhoto() {
  by("error").hidden = true;
  open = await ask(`/next?rater=${encodeURIComponent(rater)}`);
  by("progress").hidden = false;
  by("bar").max = open.total;
  by("bar").value = open.done;
  by("count").textContent = `${open.done} of ${open.total}`;
  if (open.photo === null) return only("thanks");
  ranking = [];
  by("old").src = `/pictures/${open.old}`;
  by("results").replaceChildren(...open.results.map(card));
  only("ballot");
  refresh();
  scrollTo(0, 0);
  began = performance.now();
}

function card(token, index) {
  const letter = LETTERS[index];
  const item = document.createElement("li");
  item.className = "result";
  item.dataset.token = token;
  const pick = document.createElement("button");
  pick.type = "button";
  pick.className = "pick";
  const image = document.createElement("img");
  image.src = `/pictures/${token}`;
  image.alt = `restoration ${letter}`;
  pick.append(image);
  pick.onclick = () => rank(token);
  const place = document.createElement("span");
  place.className = "place";
  const row = document.createElement("div");
  row.className = "row";
  const name = document.createElement("span");
  name.className = "letter";
  name.textContent = letter;
  const zoom = document.createElement("button");
  zoom.type = "button";
  zoom.textContent = "Zoom";
  zoom.setAttribute("aria-label", `zoom restoration ${letter}`);
  zoom.onclick = () => look(index + 1);
  row.append(name, zoom);
  item.append(pick, place, row);
  return item;
}

function look(index) {
  const results = open.results.map((token, i) => ({ source: `/pictures/${token}`, name: `restoration ${LETTERS[i]}` }));
  openZoom([{ source: `/pictures/${open.old}`, name: "the old photo" }, ...results], index);
}

function rank(token) {
  const takesBack = ranking.includes(token);
  ranking = takesBack ? ranking.filter((other) => other !== token) : [...ranking, token];
  if (!takesBack && ranking.length === open.results.length - 1) {
    ranking.push(open.results.find((other) => !ranking.includes(other))); // the last one has no choice
  }
  refresh();
}

function refresh() {
  for (const item of by("results").children) {
    const place = ranking.indexOf(item.dataset.token) + 1;
    item.classList.toggle("ranked", place > 0);
    item.querySelector(".place").textContent = place || "";
    item.querySelector(".pick").setAttribute("aria-pressed", String(place > 0));
  }
  by("undo").disabled = ranking.length === 0;
  by("submit").disabled = ranking.length < open.results.length;
}

function undo() {
  ranking = ranking.slice(0, ranking.length === open.results.length ? -2 : -1);
  refresh();
}

async function submit() {
  by("submit").disabled = true;
  const seconds = (performance.now() - began) / 1000;
  const body = JSON.stringify({ rater, photo: open.photo, ranking, seconds });
  try {
    await ask("/votes", { method: "POST", headers: { "Content-Type": "application/json" }, body });
  } catch (error) {
    if (error.status !== 409) { // ranked in another window: go on
      by("submit").disabled = false;
      return complain(error);
    }
  }
  return nextPhoto().catch(complain);
}

by("welcome").onsubmit = (event) => {
  event.preventDefault();
  rater = by("rater").value;
  nextPhoto().catch(complain);
};
by("undo").onclick = undo;
by("submit").onclick = submit;
by("again").onclick = () => location.reload();
document.querySelector("[data-zoom=old]").onclick = () => look(0);
document.addEventListener("keydown", (event) => {
  if (by("ballot").hidden || by("zoom").open || event.ctrlKey || event.metaKey || event.altKey) return;
  const index = LETTERS.indexOf(event.key.toUpperCase());
  if (event.key === "Backspace" && ranking.length) undo();
  else if (event.key === "Enter" && !by("submit").disabled && !event.target.closest("button:not(.pick)")) submit();
  else if (event.key.length === 1 && index >= 0 && index < open.results.length) {
    if (event.shiftKey) look(index + 1);
    else rank(open.results[index]);
  } else return;
  event.preventDefault();
});
