// @ts-check
/** The settings page: uploads with progress bars, and the time left of a pairing code. */

import { listenKeys } from "./keys.js";

/**
 * What an import did.
 * @typedef {object} Report
 * @property {number} papers
 * @property {number} new
 * @property {number} updated
 * @property {number} notes
 * @property {string[]} changes
 * @property {string[]} skipped
 * @property {string | null} error
 */

const NOTHING = { papers: 0, new: 0, updated: 0, notes: 0, changes: [], skipped: [] };

/**
 * Upload a file as the body of a request, and return the server's report.
 * `progress` is called with the part that was sent, from 0 to 1. An abort of `signal` ends the
 * upload, or the server's reading of the file.
 * @param {string} address
 * @param {File} file
 * @param {(part: number) => void} progress
 * @param {AbortSignal} signal
 * @returns {Promise<Report>}
 */
function send(address, file, progress, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.upload.onprogress = ({ loaded, total }) => progress(total ? loaded / total : 1);
    request.upload.onload = () => progress(1);
    request.onload = () => {
      const answer = JSON.parse(request.responseText);
      resolve(request.status === 200 ? answer : { ...NOTHING, error: answer.detail });
    };
    request.onerror = reject;
    request.onabort = reject;
    signal.addEventListener("abort", () => request.abort());
    request.open("POST", `${address}&name=${encodeURIComponent(file.name)}`);
    request.send(file);
  });
}

/**
 * Write a report as text.
 * @param {DOMStringMap} words
 * @param {Report} report
 * @param {boolean} isPreview
 */
function describe(words, report, isPreview) {
  if (report.error !== null) return report.error;
  const values = /** @type {Record<string, unknown>} */ (/** @type {unknown} */ (report));
  const done = (words.done ?? "").replace(/{(\w+)}/g, (_, name) => String(values[name]));
  const lines = [done, ...report.changes, ...report.skipped];
  if (isPreview) lines.unshift(words.preview ?? "");
  return lines.join("\n");
}

/**
 * Import a file, and show its progress and report in the form.
 * @param {HTMLFormElement} form
 * @param {File} file
 */
async function upload(form, file) {
  const line = document.createElement("li");
  const name = Object.assign(document.createElement("strong"), { textContent: file.name });
  const bar = Object.assign(document.createElement("progress"), { max: 1, value: 0 });
  const message = Object.assign(document.createElement("span"), {
    textContent: form.dataset.sending,
  });
  bar.setAttribute("aria-label", file.name);
  const stop = new AbortController();
  const cancel = Object.assign(document.createElement("button"), {
    type: "button",
    textContent: form.dataset.cancel,
    onclick: () => stop.abort(),
  });
  line.append(name, bar, message, cancel);
  form.querySelector(".reports")?.append(line);
  const [add, preview] = ["add", "preview"].map(
    (option) => /** @type {HTMLInputElement} */ (form.elements.namedItem(option)).checked,
  );
  const columns = /** @type {HTMLTextAreaElement} */ (form.elements.namedItem("columns")).value;
  const parameters = new URLSearchParams({ add: String(add), preview: String(preview) });
  for (const column of columns.split("\n").filter((line) => line.trim()))
    parameters.append("column", column);
  const address = `${form.dataset.import}?${parameters}`;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let timer;
  try {
    /** @param {number} part */
    const progress = (part) => {
      bar.value = part;
      if (part < 1 || timer !== undefined) return;
      bar.removeAttribute("value"); // how long the server needs is not known
      const start = Date.now();
      const tick = () => {
        const seconds = Math.round((Date.now() - start) / 1000);
        message.textContent = (form.dataset.reading ?? "").replace("{seconds}", String(seconds));
      };
      tick();
      timer = setInterval(tick, 1000);
    };
    const report = await send(address, file, progress, stop.signal);
    message.textContent = describe(form.dataset, report, preview);
    message.classList.toggle("warning", report.error !== null);
  } catch {
    const words = stop.signal.aborted ? form.dataset.cancelled : form.dataset.lost;
    message.textContent = words ?? "";
    message.classList.add("warning");
  }
  clearInterval(timer);
  bar.remove();
  cancel.remove();
}

const form = /** @type {HTMLFormElement | null} */ (document.querySelector("form[data-import]"));
if (form) {
  const input = /** @type {HTMLInputElement} */ (form.elements.namedItem("file"));
  const uploadAll = async (/** @type {FileList | null | undefined} */ files) => {
    for (const file of [...(files ?? [])]) await upload(form, file);
    input.value = "";
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void uploadAll(input.files);
  });
  for (const kind of ["dragover", "dragleave", "drop"])
    form.addEventListener(kind, (event) => {
      event.preventDefault();
      form.classList.toggle("over", kind === "dragover");
    });
  form.addEventListener("drop", (event) => void uploadAll(event.dataTransfer?.files));
}

const code = /** @type {HTMLElement | null} */ (document.querySelector("[data-until]"));
if (code) {
  const end = Date.parse(code.dataset.until ?? "");
  const tick = () => {
    const left = Math.max(0, Math.round((end - Date.now()) / 1000));
    const time = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    if (left) {
      code.textContent = (code.dataset.left ?? "").replace("{time}", time);
    } else {
      code.textContent = code.dataset.over ?? "";
      clearInterval(timer);
    }
  };
  const timer = setInterval(tick, 1000);
  tick();
}

listenKeys({});
