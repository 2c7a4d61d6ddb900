/** The labels of terms, in the order in which they are shown. */

/** @import { Label } from "../shared/types.d.ts" */

/** @type {Label[]} */
export const LABELS = ["METHOD", "DATASET", "METRIC", "TASK"];
