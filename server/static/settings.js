// @ts-check
/** The settings page: files dropped and sent with a bar each, and the time that a pairing code has left. */

import { listenKeys } from "./keys.js";

/** @typedef {{papers: number, new: number, updated: number, notes: number, changes: string[], skipped: string[], error: string | null}} Report */

/**
 * Sends a file as a request's body, which tells how far it is; gives what became of the file.
 * @param {string} address
 * @param {File} file
 * @param {(part: number) => void} progress
 * @returns {Promise<Report>}
 */
function send(address, file, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.upload.onprogress = ({ loaded, total }) => progress(total ? loaded / total : 1);
    request.upload.onload = () => progress(1);
    request.onload = () => {
      const answer = JSON.parse(request.responseText);
      resolve(request.status === 200 ? answer : { papers: 0, new: 0, updated: 0, notes: 0, changes: [], skipped: [], error: answer.detail });
    };
    request.onerror = reject;
    request.open("POST", `${address}&name=${encodeURIComponent(file.name)}`);
    request.send(file);
  });
}

/**
 * @param {DOMStringMap} words
 * @param {Report} report
 * @param {boolean} isPreview
 */
function tell(words, report, isPreview) {
  const values = /** @type {Record<string, unknown>} */ (/** @type {unknown} */ (report));
  const done = (words.done ?? "").replace(/{(\w+)}/g, (_, name) => String(values[name]));
  return report.error ?? [...(isPreview ? [words.preview] : []), done, ...report.changes, ...report.skipped].join("\n");
}

/**
 * @param {HTMLFormElement} form
 * @param {File} file
 */
async function take(form, file) {
  const line = document.createElement("li");
  const name = Object.assign(document.createElement("strong"), { textContent: file.name });
  const bar = Object.assign(document.createElement("progress"), { max: 1, value: 0 });
  const said = Object.assign(document.createElement("span"), { textContent: form.dataset.sending });
  bar.setAttribute("aria-label", file.name);
  line.append(name, bar, said);
  form.querySelector(".reports")?.append(line);
  const [add, preview] = ["add", "preview"].map((option) => /** @type {HTMLInputElement} */ (form.elements.namedItem(option)).checked);
  try {
    const report = await send(`${form.dataset.import}?add=${add}&preview=${preview}`, file, (part) => {
      bar.value = part;
      if (part === 1) said.textContent = form.dataset.reading ?? "";
    });
    said.textContent = tell(form.dataset, report, preview);
    said.classList.toggle("warning", report.error !== null);
  } catch {
    said.textContent = form.dataset.lost ?? "";
    said.classList.add("warning");
  }
  bar.remove();
}

const form = /** @type {HTMLFormElement | null} */ (document.querySelector("form[data-import]"));
if (form) {
  const input = /** @type {HTMLInputElement} */ (form.elements.namedItem("file"));
  const takeAll = async (/** @type {FileList | null | undefined} */ files) => {
    for (const file of [...(files ?? [])]) await take(form, file);
    input.value = "";
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void takeAll(input.files);
  });
  for (const kind of ["dragover", "dragleave", "drop"])
    form.addEventListener(kind, (event) => {
      event.preventDefault();
      form.classList.toggle("over", kind === "dragover");
    });
  form.addEventListener("drop", (event) => void takeAll(event.dataTransfer?.files));
}

const code = /** @type {HTMLElement | null} */ (document.querySelector("[data-until]"));
if (code) {
  const end = Date.parse(code.dataset.until ?? "");
  const tick = () => {
    const left = Math.max(0, Math.round((end - Date.now()) / 1000));
    const time = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    code.textContent = left ? (code.dataset.left ?? "").replace("{time}", time) : (code.dataset.over ?? "");
    if (!left) clearInterval(timer);
  };
  const timer = setInterval(tick, 1000);
  tick();
}

listenKeys({});
