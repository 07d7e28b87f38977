// Looks closely: one picture at a time, all at the same scale and place, so that arrows flip between restorations.
const by = (id) => document.getElementById(id);
const SCALES = [1, 2, 4, 8];
let pictures = [];
let at = 0;
let scale = 0;
let showsOld = false;

export function openZoom(shown, index) {
  pictures = shown;
  at = index;
  showsOld = false;
  scale = 0;
  by("zoom").showModal();
  show();
  by("stage").focus();
}

function fitted() {
  const { clientWidth, clientHeight } = by("stage");
  const { naturalWidth, naturalHeight } = by("large");
  return Math.min(clientWidth / naturalWidth, clientHeight / naturalHeight);
}

async function show() {
  const stage = by("stage");
  const place = [stage.scrollLeft / stage.scrollWidth, stage.scrollTop / stage.scrollHeight];
  const picture = showsOld ? pictures[0] : pictures[at];
  const large = by("large");
  if (!large.src.endsWith(picture.source)) {
    large.src = picture.source;
    await large.decode();
  }
  large.alt = picture.name;
  large.style.width = `${Math.floor(large.naturalWidth * fitted() * SCALES[scale])}px`;
  by("which").textContent = picture.name;
  by("scale").textContent = `${SCALES[scale]}×`;
  by("compare").setAttribute("aria-pressed", String(showsOld));
  by("smaller").disabled = scale === 0;
  by("larger").disabled = scale === SCALES.length - 1;
  stage.scrollTo(place[0] * stage.scrollWidth, place[1] * stage.scrollHeight);
}

function turn(step) {
  showsOld = false;
  at = (at + step + pictures.length) % pictures.length;
  show();
}

function resize(step) {
  const stage = by("stage");
  const middle = [
    (stage.scrollLeft + stage.clientWidth / 2) / stage.scrollWidth,
    (stage.scrollTop + stage.clientHeight / 2) / stage.scrollHeight,
  ];
  scale = Math.max(0, Math.min(SCALES.length - 1, scale + step));
  show().then(() => stage.scrollTo(
    middle[0] * stage.scrollWidth - stage.clientWidth / 2,
    middle[1] * stage.scrollHeight - stage.clientHeight / 2,
  ));
}

function flip() {
  showsOld = !showsOld;
  show();
}

by("previous").onclick = () => turn(-1);
by("following").onclick = () => turn(1);
by("compare").onclick = flip;
by("smaller").onclick = () => resize(-1);
by("larger").onclick = () => resize(1);
by("close").onclick = () => by("zoom").close();
by("stage").onclick = () => resize(scale === SCALES.length - 1 ? -SCALES.length : 1);
by("zoom").addEventListener("keydown", (event) => {
  const actions = { ArrowLeft: () => turn(-1), ArrowRight: () => turn(1), "+": () => resize(1), "-": () => resize(-1) };
  if (event.key === " " && event.target.tagName !== "BUTTON") actions[" "] = flip;
  if (actions[event.key]) {
    event.preventDefault();
    actions[event.key]();
  }
  event.stopPropagation(); // letters rank only outside
});
