/**
 * The toolbar popup: connection, waiting edits, the tab's paper, and a search of the reading list.
 */

import { statusName } from "../ui/chips.js";
import { conflictForm } from "../ui/conflict.js";
import { h } from "../ui/dom.js";
import { paperLink } from "../ui/links.js";
import { ask, browser } from "../shared/messages.js";
import { saveEdit } from "../shared/save.js";
import { count, t, translate } from "../shared/i18n.js";
import { allowLines, linkLines, sayFailure } from "./sites.js";

/** @import { Edit, PagePaper, Status } from "../shared/types.d.ts" */

/**
 * Where reports of a changed page go: an address that takes `subject` and `body` in its query.
 * While the project has no issue tracker it is an e-mail that the person addresses, to whoever runs
 * their server.
 */
const REPORT = "mailto:";
const MOST_FOUND = 8;
const SEARCH_PAUSE = 200;

/** @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);

async function drawStatus() {
  const { paired, address, user, connection, edits } = await ask("status");
  const state = paired ? connection.state : "unpaired";
  byId("connection").replaceChildren(
    h(
      "p",
      { class: `lamp ${state === "ok" ? "ok" : ""}` },
      state === "ok"
        ? t("connectedAs", user, address)
        : t(`state_${state}`, connection.detail || address || ""),
    ),
    ...(state === "ok" ? [] : [h("p.about", t(`advice_${state}`)), adviceButton(state)]),
  );
  const link = byId("reading-list");
  link.hidden = !paired;
  link.href = address ?? "";
  drawWaiting(edits);
}

/** @param {string} state */
function adviceButton(state) {
  const settings = [
    "unpaired",
    "revoked",
    "permission",
    "foreign",
    "path",
    "moved",
    "address",
  ].includes(state);
  const act = settings
    ? () => browser.runtime.openOptionsPage()
    : () => ask("tryAgain").then(drawStatus);
  return h("button.plain", { onclick: act }, settings ? t("openOptions") : t("tryAgain"));
}

/** @param {Edit[]} edits */
function drawWaiting(edits) {
  const place = byId("waiting");
  place.hidden = !edits.length;
  place.replaceChildren(
    h("h2", count("waitingEdits", edits.length)),
    h("ul.rows", edits.map(drawEdit)),
    h("button.plain", { onclick: () => ask("tryAgain").then(drawStatus) }, t("sendNow")),
  );
}

/** @param {Edit} edit */
function drawEdit(edit) {
  const name = edit.paper.title || edit.paper.id || edit.ref;
  const discard = h(
    "button.plain",
    {
      "aria-label": t("discardAbout", name),
      onclick: () => ask("discard", { id: edit.id }).then(drawStatus),
    },
    t("discard"),
  );
  if (edit.state === "conflict") return h("li", ...conflictForm(edit, () => void drawStatus()));
  return h(
    "li",
    h("span.title", name),
    h("span.about", describeEdit(edit)),
    edit.state === "refused" ? h("span.warn", t("refusedBecause", edit.problem ?? "")) : null,
    edit.state === "refused" ? discard : null,
  );
}

/** @param {Edit} edit */
function describeEdit({ kind, change, erase }) {
  if (erase) return t(`edit_${kind}_erase`);
  if (kind === "note") return change.text.slice(0, 80);
  return kind === "entry" && change.status ? statusName(change.status) : t(`edit_${kind}`);
}

async function drawPage() {
  const [tab] = await browser.tabs.query({ active: true, currentWindow: true });
  if (tab?.id === undefined) return;
  const { id, url = "" } = tab;
  const { paired } = await ask("status");
  const report = await reportOf(id, url);
  fill("page", report && report.kind !== "other" ? await PAGE_LINES[report.kind](report) : []);
  fill("allow", await allowLines(url));
  fill("links", paired ? await linkLines(id, url) : []);
}

/** @param {string} id @param {Node[]} lines */
function fill(id, lines) {
  byId(id).hidden = !lines.length;
  byId(id).replaceChildren(...lines);
}

/**
 * Ask the page of a tab what it shows. A PDF viewer has no page of ours, but its address tells.
 * @param {number} tab
 * @param {string} address "" for sites that the extension may not see
 */
async function reportOf(tab, address) {
  const report = await browser.tabs.sendMessage(tab, { kind: "page" }).catch(() => null);
  if (report) return report;
  const paper = await ask("paperAt", { address });
  return paper && { kind: "paper", paper };
}

/** @type {Record<string, (report: any) => Node[] | Promise<Node[]>>} */
const PAGE_LINES = {
  paper: ({ paper }) => paperLines(paper),
  unknown: ({ unknown }) => unknownLines(unknown),
  list: listLines,
  late: () => [h("p.warn", t("pageLate"))],
};

/**
 * @typedef {{ drawn: number, found: number, listed: number | null, broken: boolean, form: string }}
 *   ListReport
 */

/** @param {ListReport} report */
function listLines(report) {
  const line = h("p", count("cards", Math.max(report.found, report.listed ?? 0), report.drawn));
  return report.broken ? [h("p.warn", t("pageChanged")), line, ...reportLines(report)] : [line];
}

/**
 * The report of a changed page, without titles, and only the kind of address.
 * @param {ListReport} report
 */
function reportLines({ drawn, found, listed, form }) {
  const { version } = browser.runtime.getManifest();
  const facts = {
    page: form,
    listed: listed ?? "?",
    found,
    drawn,
    extension: version,
    browser: navigator.userAgent,
  };
  const body = Object.entries(facts)
    .map(([name, fact]) => `${name}: ${fact}`)
    .join("\n");
  const query = new URLSearchParams({ subject: t("reportSubject"), body })
    .toString()
    .replaceAll("+", "%20");
  const copy = async (/** @type {any} */ { currentTarget }) => {
    await navigator.clipboard.writeText(body);
    currentTarget.textContent = t("reportCopied");
  };
  return [
    h("pre", body),
    h(
      "div.acts",
      h("a", { href: `${REPORT}?${query}` }, t("report")),
      h("button.plain", { onclick: copy }, t("reportCopy")),
    ),
  ];
}

/** @param {PagePaper} paper */
async function paperLines(paper) {
  const [view] = await ask("views", { papers: [paper] });
  const status = view.card.entry?.status;
  const save = async () => {
    await ask("edit", saveEdit(paper));
    await Promise.all([drawPage(), drawStatus()]);
  };
  const act = status
    ? h("span.about", statusName(status))
    : h("button.primary", { onclick: save }, t("savePaper"));
  return [h("p.title", paper.title || t("paperOf", paper.id)), act];
}

/** @param {PagePaper} paper one that the server does not have */
function unknownLines(paper) {
  const words = h("p.about", { role: "status" }, t("notKnown"));
  const add = async () => {
    try {
      const id = await ask("addPaper", { paper });
      fill("page", await paperLines({ ...paper, id }));
    } catch (failure) {
      words.textContent = sayFailure(/** @type {Error} */ (failure));
    }
  };
  return [h("p.title", paper.title), words, h("button.primary", { onclick: add }, t("addToList"))];
}

/** @param {string} query */
async function search(query) {
  const place = byId("found");
  if (!query.trim()) return place.replaceChildren();
  try {
    const { papers, total, exact, offline } = await ask("search", {
      query,
      limit: MOST_FOUND,
    });
    const words = [
      exact ? count("found", total) : t("foundMore", total),
      offline ? t("fromCache") : "",
    ]
      .filter(Boolean)
      .join(" · ");
    return place.replaceChildren(
      h("li.about", { role: "status" }, words),
      ...papers.map(drawFound),
    );
  } catch (failure) {
    return place.replaceChildren(h("li.warn", /** @type {Error} */ (failure).message));
  }
}

/** @param {{ key: string, title: string, status: Status }} paper */
function drawFound({ key, title, status }) {
  const link = paperLink(key, title, { target: "_blank", rel: "noreferrer" });
  return h("li", link, h("span.about", statusName(status)));
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
// edits and drafts are records there, so each change of them is seen
browser.storage.local.onChanged.addListener(() => void drawStatus());
void drawStatus()
  .then(() => ask("check"))
  .then(drawStatus);
void drawPage();
