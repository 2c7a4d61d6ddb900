/** The options page: pairing, connection test, where the margin is shown, request log, and data. */

import { h } from "../ui/dom.js";
import { keyHelp } from "../ui/keys.js";
import { ask, browser } from "../shared/messages.js";
import { normalizeAddress, originPattern } from "../shared/address.js";
import { diagnose } from "./probe.js";
import { drawSites } from "./sites.js";
import { count, t, translate } from "../shared/i18n.js";

/** @import { LedgerRow } from "../shared/types.d.ts" */

const LEDGER_STEP = 50;
let most = LEDGER_STEP;

/** @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);

/** @param {string} words @param {string} [advice] */
function say(words, advice = "") {
  byId("answer").replaceChildren(h("strong", words), advice ? ` ${advice}` : "");
}

/**
 * Request permission for the server's origin, do some work with it, and show the outcome. Browsers
 * grant a permission only while they handle a click, so nothing may be awaited before.
 * @param {(address: string) => Promise<string>} work returns the text to show
 */
async function useServer(work) {
  const typed = byId("address").value;
  try {
    const address = normalizeAddress(typed);
    const granted = await browser.permissions.request({
      origins: [originPattern(address)],
    });
    say(granted ? t("asking", address) : t("state_permission", address));
    if (granted) say(await work(address));
    byId("address").value = address;
  } catch (failure) {
    const { message, cause } = /** @type {Error} */ (failure);
    // the probes take seconds, so they run only if nothing else is known
    const named = cause === "unreachable" ? await diagnose(normalizeAddress(typed)) : String(cause);
    say(t(`state_${named}`, message || typed), t(`advice_${named}`));
  } finally {
    await drawLedger();
  }
}

async function drawLedger() {
  const rows = await ask("ledger", { most });
  const time = new Intl.DateTimeFormat(browser.i18n.getUILanguage(), {
    dateStyle: "short",
    timeStyle: "medium",
  });
  byId("ledger").replaceChildren(
    h(
      "thead",
      h(
        "tr",
        ["time", "request", "size", "answer"].map((head) =>
          h("th", { scope: "col" }, t(`ledger_${head}`)),
        ),
      ),
    ),
    h(
      "tbody",
      rows.map((/** @type {LedgerRow} */ row) =>
        h(
          "tr",
          h("td", time.format(row.at)),
          h("td", `${row.method} ${row.path}`),
          h("td", t("bytes", row.bytes)),
          h("td", String(row.answer)),
        ),
      ),
    ),
  );
  byId("older").hidden = rows.length < most;
}

async function drawSettings() {
  const { address, settings, edits, drafts } = await ask("status");
  // what the person is typing stays
  byId("address").value ||= address ?? "http://127.0.0.1:8620";
  for (const name of ["list", "paper", "arxiv"]) box(name).checked = settings.where[name];
  box("keys").checked = settings.keys;
  byId("data-about").textContent = [
    count("waitingEdits", edits.length),
    count("drafts", drafts.length),
  ].join(" · ");
}

/** @param {string} name @returns {HTMLInputElement} */
function box(name) {
  return /** @type {HTMLInputElement} */ (document.querySelector(`input[name=${name}]`));
}

async function saveSettings() {
  const where = {
    list: box("list").checked,
    paper: box("paper").checked,
    arxiv: box("arxiv").checked,
  };
  await ask("configure", { where, keys: box("keys").checked });
}

async function exportData() {
  const text = JSON.stringify(await ask("export"), null, 2);
  const link = h("a", {
    href: URL.createObjectURL(new Blob([text], { type: "application/json" })),
    download: "papermargin-extension.json",
  });
  link.click();
  URL.revokeObjectURL(link.href);
}

document.documentElement.lang = browser.i18n.getUILanguage();
translate(document);
byId("key-help").replaceChildren(...keyHelp().slice(1));
byId("pair").addEventListener("submit", (/** @type {Event} */ event) => {
  event.preventDefault();
  void useServer(async (address) => {
    const { user } = await ask("pair", { address, code: byId("code").value });
    // a code works once
    byId("code").value = "";
    return t("paired", user, address);
  });
});
byId("pair-page").addEventListener("click", () =>
  useServer(async (address) => {
    await ask("pairByPage", { address });
    return t("pairPageOpened");
  }),
);
browser.storage.local.onChanged.addListener(({ account }) => {
  const { user, address } = /** @type {any} */ (account?.newValue) ?? {};
  if (user) say(t("paired", user, address));
});
byId("test").addEventListener("click", () =>
  useServer(async (address) => {
    const { user, server } = await ask("test", { address });
    return t("tested", address, server, user);
  }),
);
byId("older").addEventListener("click", () => {
  most += LEDGER_STEP;
  void drawLedger();
});
byId("export").addEventListener("click", exportData);
byId("erase").addEventListener("click", () => byId("sure").showModal());
byId("sure").addEventListener("close", async () => {
  if (byId("sure").returnValue !== "erase") return;
  await ask("erase");
  byId("address").value = "";
  await Promise.all([drawSettings(), drawLedger()]);
  say(t("erased"));
});
for (const name of ["list", "paper", "arxiv", "keys"])
  box(name).addEventListener("change", saveSettings);
void drawSettings();
void drawSites();
void drawLedger();
