// The site's own behaviour: the list of chapters on a narrow screen, the search, and enlarged figures.
"use strict";

const menu = document.getElementById("menu");
const list = document.getElementById("chapters-list");
menu.addEventListener("click", () => menu.setAttribute("aria-expanded", list.classList.toggle("open")));
list.addEventListener("click", () => list.classList.remove("open"));

// ---- Search: every word must be in the section; in its title it counts more.
const field = document.getElementById("search");
const found = document.getElementById("found");

/** A word as a pattern; `overfitting` and `over-fitting` are one. */
function pattern(word) {
  const letters = [...word].filter((letter) => letter !== "-" || word === "-");
  return letters.map((letter) => letter.replace(/[^\p{L}\p{N}\s]/u, "\\$&")).join("-?");
}

function search(words) {
  const patterns = words.map((word) => new RegExp(pattern(word), "giu"));
  const count = (text, one) => (text.match(one) || []).length;
  const score = (s) => patterns.reduce((sum, one) => {
    const here = 20 * count(`${s.chapter} ${s.section}`, one) + Math.min(10, count(s.text, one));
    return here && sum !== null ? sum + here : null;
  }, 0);
  return SECTIONS.map((s) => [score(s), s]).filter(([n]) => n).sort((a, b) => b[0] - a[0]).slice(0, 20).map(([, s]) => s);
}

/** Whether a cut at this place would divide a word. Chinese may be cut anywhere. */
function withinWord(text, at) {
  const ofWord = (letter) => /[\p{L}\p{N}]/u.test(letter || " ") && !/\p{Script=Han}/u.test(letter);
  return ofWord(text[at - 1]) && ofWord(text[at]);
}

function excerpt({ text }, words) {
  const split = new RegExp(`(${words.map(pattern).join("|")})`, "giu");
  const first = Math.max(0, text.search(split));
  let [from, to] = [Math.max(0, first - 60), Math.min(text.length, first + 120)];
  while (from < first && withinWord(text, from)) from += 1;
  while (to > first && withinWord(text, to)) to -= 1;
  const line = document.createElement("span");
  const piece = `${from ? "… " : ""}${text.slice(from, to)}${to < text.length ? " …" : ""}`;
  piece.split(split).forEach((part, i) => {
    const node = document.createElement(i % 2 ? "mark" : "span");
    node.textContent = part;
    line.append(node);
  });
  return line;
}

field.addEventListener("input", () => {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  found.hidden = words.length === 0;
  const hits = found.hidden ? [] : search(words);
  found.replaceChildren(...hits.map((s) => {
    const link = document.createElement("a");
    const title = document.createElement("b");
    link.href = s.address;
    title.textContent = s.section === s.chapter ? s.chapter : `${s.chapter}: ${s.section}`;
    link.append(title, document.createElement("br"), excerpt(s, words));
    return link;
  }));
  if (!found.hidden && hits.length === 0) found.textContent = field.dataset.nothing;
});
const closeSearch = () => { found.hidden = true; };
found.addEventListener("click", closeSearch);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeSearch();
  if (event.key === "/" && !/INPUT|TEXTAREA/.test(document.activeElement.tagName)) { event.preventDefault(); field.focus(); }
});

// ---- A figure over the whole screen: wheel, keys or two fingers zoom, dragging moves.
const large = document.getElementById("large");
const frame = large.querySelector("div");
const picture = large.querySelector("img");
let view = { x: 0, y: 0, scale: 1 };
let widthOnPage = 0;

function show() {
  picture.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.scale})`;
}

/** The whole figure where it becomes half as large again as on the page, else so large from its upper left corner on. */
function fit() {
  const [w, h] = [picture.naturalWidth, picture.naturalHeight];
  const scale = Math.max(Math.min(frame.clientWidth / w, frame.clientHeight / h), (1.5 * widthOnPage) / w);
  const middle = (room, length) => Math.max(0, (room - length) / 2);
  view = { scale, x: middle(frame.clientWidth, w * scale), y: middle(frame.clientHeight, h * scale) };
  show();
}

/** Zooms by `factor` so that the point at (x, y) of the frame stays where it is. */
function zoom(factor, x = frame.clientWidth / 2, y = frame.clientHeight / 2) {
  const scale = Math.min(20, Math.max(0.05, view.scale * factor));
  const ratio = scale / view.scale;
  view = { scale, x: x - (x - view.x) * ratio, y: y - (y - view.y) * ratio };
  show();
}

document.querySelectorAll("figure .zoom").forEach((button) => button.addEventListener("click", () => {
  const small = button.querySelector("img");
  picture.src = small.src;
  picture.alt = small.alt;
  widthOnPage = small.clientWidth;
  large.querySelector("p").textContent = button.parentElement.querySelector("figcaption").textContent;
  large.showModal();
  picture.decode().then(fit);
}));

frame.addEventListener("wheel", (event) => {
  event.preventDefault();
  const box = frame.getBoundingClientRect();
  zoom(Math.exp(-event.deltaY / 400), event.clientX - box.left, event.clientY - box.top);
}, { passive: false });
large.addEventListener("keydown", (event) => {
  const step = { "+": () => zoom(1.4), "=": () => zoom(1.4), "-": () => zoom(1 / 1.4), 0: fit,
    ArrowLeft: () => { view.x += 80; show(); }, ArrowRight: () => { view.x -= 80; show(); } }[event.key];
  if (step) { event.preventDefault(); step(); }
});

const fingers = new Map();
frame.addEventListener("pointerdown", (event) => { frame.setPointerCapture(event.pointerId); fingers.set(event.pointerId, event); event.preventDefault(); });
for (const end of ["pointerup", "pointercancel"]) frame.addEventListener(end, (event) => fingers.delete(event.pointerId));
frame.addEventListener("pointermove", (event) => {
  const before = fingers.get(event.pointerId);
  if (!before) return;
  const other = [...fingers.values()].find((finger) => finger.pointerId !== event.pointerId);
  fingers.set(event.pointerId, event);
  if (!other) {
    view.x += event.clientX - before.clientX;
    view.y += event.clientY - before.clientY;
    return show();
  }
  const apart = (a) => Math.hypot(a.clientX - other.clientX, a.clientY - other.clientY);
  const box = frame.getBoundingClientRect();
  zoom(apart(event) / apart(before), (event.clientX + other.clientX) / 2 - box.left, (event.clientY + other.clientY) / 2 - box.top);
});

// ---- What was laid out before a font of the style sheet was there may stay boxes where that font is not the first of its list (Chromium
// 156): so it is asked for, and all is laid out once more.
document.fonts?.load('1em "Noto Sans CJK SC"', "中").then(() => { document.body.style.fontKerning = "normal"; });
