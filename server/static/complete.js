// @ts-check
/**
 * Completion of what one types, after https://www.w3.org/WAI/ARIA/apg/patterns/combobox/: fields, tags and terms of a
 * query (`data-complete="query"`), or the name of a tag, method, dataset, metric or task (`data-complete="tag"`, …).
 */

/** @typedef {{ query: string, kind: string, value: string, papers: number | null }} Suggestion */

const PAUSE_MS = 120;
const MOST = 8;
/** The word that is being typed: its field, and its value, which may be in quotation marks. */
const WORD = /(?:^|[\s(-])(?:([a-z]+):)?("[^"]*|[^\s()":]*)$/i;

let series = 0;

/** @param {HTMLInputElement} input */
export function complete(input) {
  series += 1;
  const list = Object.assign(document.createElement("ul"), { id: `completions-${series}`, className: "completions", hidden: true });
  list.role = "listbox";
  list.ariaLabel = input.ariaLabel;
  input.after(list);
  input.role = "combobox";
  input.ariaExpanded = "false";
  input.ariaAutoComplete = "list";
  input.setAttribute("aria-controls", list.id);
  /** @type {Suggestion[]} */
  let found = [];
  let chosen = -1;
  let asked = 0;
  let timer = 0;

  const draw = () => {
    const options = found.map((suggestion, place) => option(suggestion, `${list.id}-${place}`, place === chosen));
    options.forEach((one, place) => one.addEventListener("pointerdown", (event) => (event.preventDefault(), take(place))));
    list.replaceChildren(...options);
    list.hidden = !found.length;
    input.ariaExpanded = String(!list.hidden);
    if (chosen < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", `${list.id}-${chosen}`);
    options[chosen]?.scrollIntoView({ block: "nearest" });
  };
  const close = () => {
    clearTimeout(timer);
    asked += 1;
    [found, chosen] = [[], -1];
    draw();
  };
  const look = async () => {
    const mine = (asked += 1);
    const suggestions = await suggest(input);
    if (mine !== asked || document.activeElement !== input) return;
    [found, chosen] = [suggestions, -1];
    draw();
  };
  const take = (/** @type {number} */ place) => {
    write(input, found[place]);
    close();
    if (input.value.endsWith(":")) void look();
  };

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(look, PAUSE_MS);
  });
  input.addEventListener("blur", close);
  // somebody may have typed before this was loaded
  if (input.value !== input.defaultValue) void look();
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" && !found.length) void look();
    else if (event.key === "ArrowDown") chosen = (chosen + 1) % found.length;
    else if (event.key === "ArrowUp" && found.length) chosen = (chosen <= 0 ? found.length : chosen) - 1;
    else if (event.key === "Escape" && found.length) close();
    else if ((event.key === "Enter" || event.key === "Tab") && chosen >= 0) take(chosen);
    else return;
    event.preventDefault();
    event.stopPropagation();
    draw();
  });
}

/** @param {Suggestion} suggestion @param {string} id @param {boolean} isChosen */
function option({ query, kind, value, papers }, id, isChosen) {
  const item = Object.assign(document.createElement("li"), { id });
  item.role = "option";
  item.ariaSelected = String(isChosen);
  if (kind) item.dataset.label = kind.toUpperCase();
  const name = Object.assign(document.createElement("span"), { textContent: kind ? value : query });
  const count = Object.assign(document.createElement("span"), { className: "count", textContent: papers === null ? "" : String(papers) });
  item.append(name, count);
  return item;
}

/** @param {HTMLInputElement} input @returns {Promise<Suggestion[]>} */
async function suggest(input) {
  if (input.dataset.complete !== "query") return ask(`${input.dataset.complete}:${input.value.trim()}`);
  const found = WORD.exec(before(input));
  const [field, begun] = [found?.[1]?.toLowerCase(), found?.[2] ?? ""];
  if (field && values(field).length) return values(field).filter((value) => value.startsWith(begun.toLowerCase())).map((value) => fixed(`${field}:${value}`));
  const named = field ? [] : Object.keys(fields()).filter((name) => begun && name.startsWith(begun.toLowerCase())).map((name) => fixed(`${name}:`));
  const told = begun || field ? await ask(field ? `${field}:${begun}` : begun) : [];
  return [...named, ...told].slice(0, MOST);
}

/** @param {string} query @returns {Suggestion} */
function fixed(query) {
  return { query, kind: "", value: query, papers: null };
}

/** @param {string} prefix @returns {Promise<Suggestion[]>} */
async function ask(prefix) {
  const answer = await fetch(`/api/v1/suggestions?limit=${MOST}&prefix=${encodeURIComponent(prefix.slice(0, 200))}`).catch(() => null);
  return answer?.ok ? answer.json() : [];
}

/** @returns {Record<string, string[]>} the fields of queries and what some can be, as the page tells */
function fields() {
  return JSON.parse(/** @type {HTMLTemplateElement | null} */ (document.querySelector("#fields"))?.content.textContent ?? "{}");
}

/** @param {string} field @returns {string[]} */
function values(field) {
  const all = fields();
  return Object.hasOwn(all, field) ? all[field] : [];
}

/** @param {HTMLInputElement} input */
function before(input) {
  return input.value.slice(0, input.selectionStart ?? input.value.length);
}

/** @param {HTMLInputElement} input @param {Suggestion} suggestion */
function write(input, { query, value }) {
  if (input.dataset.complete !== "query") {
    input.value = value;
    return;
  }
  const typed = before(input);
  const found = WORD.exec(typed);
  const start = found ? found.index + found[0].search(/[^\s(-]|$/) : typed.length;
  const after = input.value.slice(typed.length).replace(/^[^\s()]*/, "").trimStart();
  const head = typed.slice(0, start) + query + (query.endsWith(":") ? "" : " ");
  input.value = head + after;
  input.setSelectionRange(head.length, head.length);
}
