/** When a paper is to be read, which the server's own pages say. Pure. */

/** @import { EntryState } from "./api.d.ts" */
/** @import { Plan } from "./types.d.ts" */

const FIELDS = /** @type {const} */ (["queue", "snoozed_until", "due"]);
const DONE = ["none", "read", "skipped"];

/**
 * Return what an entry has of a plan.
 * @param {EntryState} entry
 * @returns {Plan}
 */
export function planOf(entry) {
  return pick(entry, (field) => entry[field] != null);
}

/**
 * Return what of a plan an entry has no value for.
 * @param {Plan} plan
 * @param {EntryState | null} entry
 * @returns {Plan}
 */
export function missingOf(plan, entry) {
  return pick(plan, (field) => plan[field] != null && entry?.[field] == null);
}

/**
 * Return the entry as it is when its paper gets a status, on the server too: with one of those that
 * are not to be read, the plan ends.
 * @param {EntryState} entry
 * @param {EntryState["status"]} status
 * @returns {EntryState}
 */
export function withStatus(entry, status) {
  if (status === entry.status || !DONE.includes(status)) return { ...entry, status };
  return { ...entry, status, queue: null, snoozed_until: null, due: null };
}

/**
 * @param {Plan} plan
 * @param {(field: keyof Plan) => boolean} isWanted
 * @returns {Plan}
 */
function pick(plan, isWanted) {
  return Object.fromEntries(FIELDS.filter(isWanted).map((field) => [field, plan[field]]));
}
