/** The stream of events. */

import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.chrome = {};
const { readEvent } = await import("../../../../extension/background/http.js");

test("a block of an event stream is an event, a comment only a sign of life", () => {
  assert.deepEqual(readEvent('event: change\nid: 7\ndata: {"id": 7}'), {
    event: "change",
    data: { id: 7 },
  });
  assert.equal(readEvent(": still here"), null);
});
