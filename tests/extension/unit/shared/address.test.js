/** Server addresses as people type them. */

import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.chrome = {};
const { normalizeAddress, originPattern } = await import("../../../../extension/shared/address.js");

test("a missing scheme is http at home and https elsewhere, slashes go", () => {
  const cases = [
    ["127.0.0.1:8620/", "http://127.0.0.1:8620"],
    [" nas:8620 ", "http://nas:8620"],
    ["nas.local", "http://nas.local"],
    ["papers.example.org", "https://papers.example.org"],
    ["HTTP://papers.example.org/margin//", "http://papers.example.org/margin"],
    ["[::1]:8620", "http://[::1]:8620"],
    ["https://x.org/?q=1#f", "https://x.org"],
  ];
  for (const [typed, address] of cases) assert.equal(normalizeAddress(typed), address);
});

test("what is no address is refused", () => {
  for (const typed of ["", "http://", "   ", "http://exa mple"])
    assert.throws(() => normalizeAddress(typed), { cause: "address" });
});

test("a permission names the host without its port", () => {
  assert.equal(originPattern("http://nas.local:8620/margin"), "http://nas.local/*");
});
