/** The badge of the toolbar button: how many edits wait, and whether one needs the person. */

import { RETRY_MINUTES } from "./outbox.js";
import { readEdits } from "./store.js";
import { browser } from "../shared/messages.js";

/** Show how many edits wait, and let an alarm try again while any does. */
export async function showBadge() {
  const edits = await readEdits();
  const halted = edits.some((edit) => edit.state !== "waiting");
  await browser.action.setBadgeText({
    text: edits.length ? String(edits.length) : "",
  });
  await browser.action.setBadgeBackgroundColor({
    color: halted ? "#9a3b2e" : "#5b6472",
  });
  if (edits.some((edit) => edit.state === "waiting"))
    await browser.alarms.create("flush", { periodInMinutes: RETRY_MINUTES });
  else await browser.alarms.clear("flush");
}
