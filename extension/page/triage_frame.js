/** The frame of a triage: what stays around the paper that is shown, and the keys. */

import { t } from "../shared/i18n.js";
import { h } from "../ui/dom.js";

/** @import { Decision } from "./triage.js" */

/**
 * @typedef {object} FrameActs
 * @property {() => void} back
 * @property {(decision: Decision) => unknown} decide
 * @property {() => void} next
 * @property {() => unknown} undo
 * @property {() => void} toggleNew
 * @property {() => void} stop
 * @property {(button: HTMLElement) => void} help
 * @property {() => void} close
 */

/** @type {[keys: string, name: string][]} */
export const TRIAGE_KEYS = [
  ["a", "keep"],
  ["x", "skip"],
  ["j →", "pass"],
  ["k ←", "before"],
  ["u", "undo"],
  ["0 … 5", "rate"],
  ["s", "status"],
  ["t", "tags"],
  ["n", "note"],
  ["Enter", "open"],
  ["Esc", "close"],
];

/**
 * Make the dialog, with an empty place for a paper, and the parts of it that are drawn again.
 * @param {FrameActs} act
 */
export function makeFrame(act) {
  const said = h("p.said", { role: "status" });
  const state = h("span.state", { role: "status" });
  const onlyNew = button("button.plain.new", t("onlyNew"), act.toggleNew);
  const bar = h("progress", { "aria-label": t("progress"), max: 1, value: 0 });
  const place = h("div.place");
  const back = button("button.act", t("back"), act.back, "k");
  const acts = h(
    "div.decide",
    { role: "group", "aria-label": t("decideLabel") },
    back,
    button("button.act", t("skip"), () => act.decide("skip"), "x"),
    button("button.act.primary", t("keep"), () => act.decide("keep"), "a"),
    button("button.act", t("next"), act.next, "j"),
  );
  const undo = button("button.plain.undo", t("undo"), act.undo, "u");
  const stop = button("button.plain", t("stopHere"), act.stop);
  const help = sign("button.plain.help", "?", `? ${t("help")}`, t("help"), () => act.help(help));
  const shut = sign("button.plain.shut", "×", t("close"), t("close"), act.close);
  const dialog = h(
    "dialog.triage",
    { "aria-label": t("triageLabel") },
    h("header", state, onlyNew, stop, help, shut),
    bar,
    place,
    h("footer", h("div.row", said, undo), acts),
  );
  return { dialog, said, state, onlyNew, stop, help, bar, place, acts, back };
}

/**
 * @param {string} name
 * @param {string} words
 * @param {() => unknown} act
 * @param {string} [key] the shortcut that is shown on it
 */
function button(name, words, act, key = "") {
  const shown = key && h("kbd", { "aria-hidden": "true" }, key);
  return h(name, { onclick: () => void act() }, words, shown);
}

/**
 * Make a button that shows a sign only.
 * @param {string} name
 * @param {string} shown
 * @param {string} label
 * @param {string} title
 * @param {() => void} onclick
 */
function sign(name, shown, label, title, onclick) {
  return h(name, { "aria-label": label, title, onclick: () => onclick() }, shown);
}
