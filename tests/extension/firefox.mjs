/**
 * A Firefox to be told what to do: the first line of standard input is a job (the browser, the
 * extension's folder and id, or none), each further line an act by name with its facts, and each is
 * answered by a line. Without an extension the sites are the real ones.
 */

import { createInterface } from "node:readline";
import puppeteer from "puppeteer-core";

const SECONDS = 1_000;
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const read = async () => JSON.parse((await lines.next()).value ?? "null");

const { firefox, profile, extension, id, uuid } = await read();
const browser = await puppeteer.launch({
  browser: "firefox",
  executablePath: firefox,
  headless: true,
  defaultViewport: null,
  userDataDir: profile,
  args: ["--remote-allow-system-access", "--width=1300", "--height=1000"],
  extraPrefsFirefox: {
    "extensions.webextensions.uuids": JSON.stringify({ [id]: uuid }),
    "intl.accept_languages": "en",
  },
});

/** @type {Map<string, import("puppeteer-core").Page>} */
const pages = new Map();
/** @type {Record<string, string>} */
const answers = {};
/** @type {string[]} what the pages warned of or failed at since it was last asked */
const troubles = [];
browser.connection.on("log.entryAdded", ({ level, text }) => {
  if (level === "warn" || level === "error") troubles.push(text);
});

async function answerFrom(page) {
  await page.setRequestInterception(true);
  page.on("request", (request) => {
    const body = answers[request.url().split("#")[0]];
    if (body !== undefined)
      return request.respond({ status: 200, contentType: "text/html; charset=utf-8", body });
    return request.url().startsWith("http")
      ? request.respond({ status: 404, body: "" })
      : request.continue();
  });
}

/** Run a script where the browser's own windows are drawn: prompts and menus are there. */
async function inChrome(script) {
  const tree = await browser.connection.send("browsingContext.getTree", { "moz:scope": "chrome" });
  const window = tree.result.contexts.find(({ url }) => url.endsWith("/browser.xhtml"));
  const target = { context: window.context };
  const said = await browser.connection.send("script.evaluate", {
    expression: script,
    target,
    awaitPromise: true,
  });
  if (said.result.type !== "success") throw new Error(JSON.stringify(said.result.exceptionDetails));
  return said.result.result.value ?? null;
}

/** What is found may be drawn anew before it is clicked. */
async function clickOn(page, selector, button, tries = 5) {
  const found = await page.waitForSelector(`>>> ${selector}`, { timeout: 10 * SECONDS });
  await found.click({ button }).catch((error) => {
    if (!tries || !/detached|not clickable/.test(error.message)) throw error;
    return clickOn(page, selector, button, tries - 1);
  });
}

const ACTS = {
  answer: ({ pages: told }) => void Object.assign(answers, told),
  open: async ({ page: name, address }) => {
    const page = await browser.newPage();
    pages.set(name, page);
    // a page of the extension lives in another process, and its load is never told
    if (address.startsWith("moz-extension:")) return void page.goto(address).catch(() => null);
    if (extension) await answerFrom(page);
    return void (await page.goto(address));
  },
  reload: ({ page }) =>
    pages
      .get(page)
      .reload()
      .then(() => null),
  close: ({ page }) => pages.get(page).close(),
  show: ({ page }) => pages.get(page).bringToFront(),
  evaluate: ({ page, script }) => pages.get(page).evaluate(script),
  // a page that is about to be replaced, or is not there yet, holds no claim
  holds: ({ page, script }) =>
    pages
      .get(page)
      .evaluate(script)
      .catch(() => null),
  click: ({ page, selector, button = "left" }) => clickOn(pages.get(page), selector, button),
  type: ({ page, text }) => pages.get(page).keyboard.type(text),
  press: async ({ page, keys }) => {
    for (const key of keys) await pages.get(page).keyboard.down(key);
    for (const key of keys.toReversed()) await pages.get(page).keyboard.up(key);
  },
  chrome: ({ script }) => inChrome(script),
  troubles: () => troubles.splice(0),
};

async function perform({ act, ...facts }) {
  try {
    return { value: (await ACTS[act](facts)) ?? null };
  } catch (error) {
    return { error: `${act}: ${error.message}` };
  }
}

try {
  if (extension) await browser.installExtension(extension);
  console.log(JSON.stringify({ value: "ready" }));
  for (let wanted = await read(); wanted; wanted = await read())
    console.log(JSON.stringify(await perform(wanted)));
} finally {
  await browser.close();
}
