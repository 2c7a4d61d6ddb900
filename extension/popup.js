/** The toolbar popup: how it stands, what waits, the paper of this tab, and one's own list. */

import { statusWord } from "./chips.js";
import { conflictForm } from "./conflict.js";
import { h } from "./dom.js";
import { ask, browser } from "./messages.js";
import { count, t, translate } from "./text.js";

/** @typedef {import("./wire.js").Edit} Edit */

const REPORT = "https://github.com/papermargin/papermargin/issues/new?title=Hugging%20Face%20changed%20its%20page";
const MOST_FOUND = 8;
const SEARCH_PAUSE = 200;

/** @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);

async function drawStatus() {
  const { paired, address, user, connection, edits } = await ask("status");
  const state = paired ? connection.state : "unpaired";
  byId("connection").replaceChildren(
    h("p", { class: `lamp ${state === "ok" ? "ok" : ""}` }, state === "ok" ? t("connectedAs", user, address) : t(`state_${state}`, connection.detail || address || "")),
    ...(state === "ok" ? [] : [h("p", { class: "about" }, t(`advice_${state}`)), adviceButton(state)]));
  const link = byId("reading-list");
  link.hidden = !paired;
  link.href = address ?? "";
  drawWaiting(edits);
}

/** @param {string} state */
function adviceButton(state) {
  const settings = ["unpaired", "revoked", "permission", "foreign", "path", "moved", "address"].includes(state);
  const act = settings ? () => browser.runtime.openOptionsPage() : () => ask("tryAgain").then(drawStatus);
  return h("button", { type: "button", class: "plain", onclick: act }, settings ? t("openOptions") : t("tryAgain"));
}

/** @param {Edit[]} edits */
function drawWaiting(edits) {
  const place = byId("waiting");
  place.hidden = !edits.length;
  place.replaceChildren(h("h2", {}, count("waitingEdits", edits.length)),
    h("ul", { class: "rows" }, edits.map(drawEdit)),
    h("button", { type: "button", class: "plain", onclick: () => ask("tryAgain").then(drawStatus) }, t("sendNow")));
}

/** @param {Edit} edit */
function drawEdit(edit) {
  const name = edit.paper.title || edit.paper.id || edit.ref;
  const discard = h("button", { type: "button", class: "plain", "aria-label": t("discardAbout", name), onclick: () => ask("discard", { id: edit.id }).then(drawStatus) }, t("discard"));
  if (edit.state === "conflict") return h("li", {}, ...conflictForm(edit, () => void drawStatus()));
  return h("li", {}, h("span", { class: "title" }, name), h("span", { class: "about" }, sayEdit(edit)), edit.state === "refused" ? h("span", { class: "warn" }, t("refusedBecause", edit.problem ?? "")) : null, edit.state === "refused" ? discard : null);
}

/** @param {Edit} edit */
function sayEdit({ kind, change, erase }) {
  if (erase) return t(`edit_${kind}_erase`);
  if (kind === "note") return change.text.slice(0, 80);
  return kind === "entry" && change.status ? statusWord(change.status) : t(`edit_${kind}`);
}

async function drawPage() {
  const [tab] = await browser.tabs.query({ active: true, currentWindow: true });
  const told = tab?.id === undefined ? null : await browser.tabs.sendMessage(tab.id, { kind: "page" }).catch(() => null);
  const place = byId("page");
  place.hidden = !told || told.kind === "other";
  if (place.hidden) return;
  place.replaceChildren(...(told.kind === "paper" ? await paperLines(told.paper) : listLines(told)));
}

/** @param {{ drawn: number, found: number, listed: number | null, broken: boolean }} told */
function listLines({ drawn, found, listed, broken }) {
  const line = h("p", {}, count("cards", Math.max(found, listed ?? 0), drawn));
  if (!broken) return [line];
  return [h("p", { class: "warn" }, t("pageChanged")), line, h("a", { href: REPORT, target: "_blank", rel: "noreferrer" }, t("report"))];
}

/** @param {import("./wire.js").PagePaper} paper */
async function paperLines(paper) {
  const [view] = await ask("views", { papers: [paper] });
  const status = view.card.entry?.status;
  const save = async () => {
    await ask("edit", { kind: "entry", ref: paper.id, paper: { id: paper.id, title: paper.title }, change: { status: "inbox" }, save: true });
    await Promise.all([drawPage(), drawStatus()]);
  };
  const act = status ? h("span", { class: "about" }, statusWord(status)) : h("button", { type: "button", class: "primary", onclick: save }, t("savePaper"));
  return [h("p", { class: "title" }, paper.title), act];
}

/** @param {string} query */
async function search(query) {
  const place = byId("found");
  if (!query.trim()) return place.replaceChildren();
  try {
    const { papers, total, offline } = await ask("search", { query, limit: MOST_FOUND });
    const words = [count("found", total), offline ? t("fromCache") : ""].filter(Boolean).join(" · ");
    return place.replaceChildren(h("li", { class: "about", role: "status" }, words), ...papers.map(drawFound));
  } catch (failure) {
    return place.replaceChildren(h("li", { class: "warn" }, /** @type {Error} */ (failure).message));
  }
}

/** @param {{ key: string, title: string, status: import("./wire.js").Status }} paper */
function drawFound({ key, title, status }) {
  const address = key.includes("/") ? `https://arxiv.org/abs/${key}` : `https://huggingface.co/papers/${key}`;
  return h("li", {}, h("a", { href: address, target: "_blank", rel: "noreferrer" }, title), h("span", { class: "about" }, statusWord(status)));
}

document.documentElement.lang = browser.i18n.getUILanguage();
translate(document);
/** @type {ReturnType<typeof setTimeout> | undefined} */
let pause;
byId("search").addEventListener("input", (/** @type {any} */ event) => {
  clearTimeout(pause);
  pause = setTimeout(() => void search(event.target.value), SEARCH_PAUSE);
});
byId("search").addEventListener("submit", (/** @type {Event} */ event) => event.preventDefault());
browser.storage.local.onChanged.addListener(() => void drawStatus());
void drawStatus().then(() => ask("flush")).then(drawStatus);
void drawPage();
