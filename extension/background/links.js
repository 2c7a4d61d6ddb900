/** Marks beside the papers that any page names, made and taken off at the person's request. */

import { lookUp } from "./lookup.js";
import { readAccount, readMarked, writeMarked } from "./store.js";
import { t } from "../shared/i18n.js";
import { plainText } from "../shared/latex.js";
import { browser, Failure } from "../shared/messages.js";
import { clearMarks, collectPaperNames, markPapers, referenceOf } from "../sites/links.js";

/** @import { KnownPaper, PaperReference } from "../shared/api.d.ts" */

/** How many papers of a page are looked up. */
const MOST_PAPERS = 1_000;

/**
 * Mark the known papers that the page of a tab names. Only their ids and DOIs are sent.
 * @param {{ tab: number }} asked a tab in which the person has just called the extension
 * @returns {Promise<{ named: number, known: number, marks: number }>}
 * @throws {Failure} "unreadable" for pages that no extension may read, or a ServerError
 */
export async function markLinks({ tab }) {
  await runIn(tab, clearMarks, []);
  /** @type {string[]} */
  const names = await runIn(tab, collectPaperNames, []);
  const byPaper = groupByPaper(names);
  const references = [...byPaper.values()].map(({ reference }) => reference);
  const found = references.length ? await lookUp(references) : [];
  const papers = [...byPaper.values()].flatMap(({ names: its }, place) => {
    const known = found[place];
    return known ? [{ names: its, ...describe(known) }] : [];
  });
  const marks = await runIn(tab, markPapers, [papers, "openPaper"]);
  await writeMarked(tab, marks > 0);
  return { named: byPaper.size, known: papers.length, marks };
}

/** @param {{ tab: number }} asked */
export async function unmarkLinks({ tab }) {
  await runIn(tab, clearMarks, []);
  await writeMarked(tab, false);
}

/** @param {{ tab: number }} asked */
export function hasMarks({ tab }) {
  return readMarked(tab);
}

/**
 * Forget the marks of a tab that loads another page, or the same one again.
 * @param {number} tab
 */
export async function forgetMarks(tab) {
  if (await readMarked(tab)) await writeMarked(tab, false);
}

/**
 * Open a paper's page of the server in a new tab.
 * @param {{ key: string }} asked
 */
export async function openPaper({ key }) {
  const account = await readAccount();
  const path = String(key).split("/").map(encodeURIComponent).join("/");
  if (account) await browser.tabs.create({ url: `${account.address}/papers/${path}` });
}

/**
 * Group names by the paper that they mean.
 * @param {string[]} names
 */
function groupByPaper(names) {
  /** @type {Map<string, { reference: PaperReference, names: string[] }>} */
  const groups = new Map();
  for (const name of names) {
    const reference = referenceOf(name);
    const key = JSON.stringify(reference).toLowerCase();
    const group = groups.get(key);
    if (group) group.names.push(name);
    else if (reference && groups.size < MOST_PAPERS) groups.set(key, { reference, names: [name] });
  }
  return groups;
}

/** @param {KnownPaper} paper */
function describe({ key, title, status }) {
  const label = t(`status_${status}`);
  return { key, status, label, about: t("markAbout", plainText(title) || key, label) };
}

/**
 * @param {number} tab
 * @param {(...values: any[]) => any} work
 * @param {any[]} values
 * @returns {Promise<any>}
 */
async function runIn(tab, work, values) {
  try {
    const target = { tabId: tab };
    const [ran] = await browser.scripting.executeScript({ target, func: work, args: values });
    return ran?.result;
  } catch (error) {
    throw new Failure("unreadable", /** @type {Error} */ (error).message);
  }
}
