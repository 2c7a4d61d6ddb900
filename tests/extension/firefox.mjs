/**
 * The core of the margin in Firefox: reads a job as JSON from standard input, does its steps, and prints what it saw.
 * The job names the browser, the extension's folder and id, and the pages by address.
 */

import { readFileSync } from "node:fs";
import puppeteer from "puppeteer-core";

const job = JSON.parse(readFileSync(0, "utf8"));

const browser = await puppeteer.launch({
  browser: "firefox",
  executablePath: job.firefox,
  headless: true,
  extraPrefsFirefox: {
    "extensions.webextensions.uuids": JSON.stringify({ "papermargin@papermargin.example": job.uuid }),
    "intl.accept_languages": "en",
  },
});

/** Wait until a claim holds; raises when it never does. */
async function until(page, claim, ...values) {
  await page.waitForFunction(claim, { timeout: 20_000, polling: 100 }, ...values);
}

async function open(address) {
  const page = await browser.newPage();
  await page.setViewport({ width: 1300, height: 900 });
  await page.setRequestInterception(true);
  page.on("request", (request) => {
    const body = job.pages[request.url().split("#")[0]];
    if (body !== undefined) return request.respond({ status: 200, contentType: "text/html; charset=utf-8", body });
    return request.url().startsWith("http") ? request.respond({ status: 404, body: "" }) : request.continue();
  });
  await page.goto(address);
  return page;
}

async function press(page, selector) {
  const handle = await page.waitForSelector(`>>> ${selector}`, { timeout: 10_000 });
  await handle.click();
}

const MARGINS = () => [...document.querySelectorAll("papermargin-card")].map((host) => [host.closest("article").querySelector("h3").textContent, host.shadowRoot?.querySelector(".margin")?.getAttribute("aria-label")]);

try {
  await browser.installExtension(job.extension);
  const seen = {};
  const page = await open(job.list);
  await until(page, (count) => document.querySelectorAll("papermargin-card").length === count, job.count);
  await until(page, () => document.querySelector("papermargin-card").shadowRoot.querySelector(".chip"));
  seen.margins = await page.evaluate(MARGINS);
  seen.height = await page.evaluate(() => document.querySelector("papermargin-card").getBoundingClientRect().height);
  seen.styled = await page.evaluate(() => getComputedStyle(document.querySelector("papermargin-card").shadowRoot.querySelector(".row")).display);
  await press(page, ".status");
  await until(page, () => document.querySelector("papermargin-card").shadowRoot.querySelector(".status").dataset.status === "inbox");
  await press(page, ".notes");
  await page.keyboard.type("from Firefox");
  await page.keyboard.down("Control");
  await page.keyboard.press("Enter");
  await page.keyboard.up("Control");
  await until(page, () => document.querySelector("papermargin-card").shadowRoot.querySelector(".notes").textContent === "1 note");
  await page.evaluate(() => { const grid = document.querySelector("#grid"); grid.replaceWith(grid.cloneNode(true)); });
  await until(page, (count) => [...document.querySelectorAll("papermargin-card")].filter((host) => host.shadowRoot?.querySelector(".status")).length === count, job.count);
  seen.again = await page.evaluate(MARGINS);

  const paper = await open(job.paper);
  await until(paper, () => document.querySelector("papermargin-panel")?.shadowRoot.querySelector(".legend .chip"));
  await until(paper, () => CSS.highlights?.size);
  seen.coloured = await paper.evaluate(() => [...CSS.highlights.keys()]);
  console.log(JSON.stringify(seen));
} finally {
  await browser.close();
}
