// @ts-check
/** Triage: single keys that decide on a paper and lead to the next. */

import {
  listenKeys,
  nextStatus,
  openPlan,
  openTags,
  rateKeys,
  toggleQueue,
  undoLast,
} from "./keys.js";
import { writeNote } from "./note-forms.js";

const paper = document.querySelector(".one");

/**
 * Press a button, or follow a link, if it is there.
 * @param {string} selector
 */
function press(selector) {
  const found = document.querySelector(selector);
  if (found instanceof HTMLElement) found.click();
}

// a key that is pressed twice decides once
let isSent = false;
document.querySelector('form[action="/triage"]')?.addEventListener("submit", (event) => {
  if (isSent) event.preventDefault();
  isSent = true;
});
addEventListener("pageshow", () => (isSent = false));

const next = () => press('main a[rel="next"]');
const back = () => press('main a[rel="prev"]');
listenKeys({
  a: () => press('[name="do"][value="keep"]'),
  x: () => press('[name="do"][value="skip"]'),
  j: next,
  ArrowRight: next,
  k: back,
  ArrowLeft: back,
  u: () => undoLast() || press('[name="do"][value="undo"]'),
  s: () => nextStatus(paper),
  t: () => openTags(paper),
  n: writeNote,
  q: () => toggleQueue(paper),
  z: () => openPlan(paper),
  Enter: () => press(".one h2 a"),
  ...rateKeys(() => paper),
});
