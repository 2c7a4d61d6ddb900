// @ts-check
/**
 * Complete what is typed into a field: fields, tags and terms of a query (`data-complete="query"`),
 * or the name of a tag, method, dataset, metric or task (`data-complete="tag"`, …).
 *
 * The list follows the combobox pattern: https://www.w3.org/WAI/ARIA/apg/patterns/combobox/
 */

/** @typedef {{ query: string, kind: string, value: string, papers: number | null }} Suggestion */

const PAUSE_MS = 120;
const MOST = 8;
/** The word before the cursor: its field, and its value, which may begin with a quotation mark. */
const WORD = /(?:^|[\s(-])(?:([a-z]+):)?("[^"]*|[^\s()":]*)$/i;

let lists = 0;

/**
 * Turn an input into a combobox.
 * @param {HTMLInputElement} input
 */
export function complete(input) {
  lists += 1;
  const list = Object.assign(document.createElement("ul"), {
    id: `completions-${lists}`,
    className: "completions",
    hidden: true,
  });
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
  let requests = 0; // an answer counts only if no later request was made
  let timer = 0;

  const draw = () => {
    const options = found.map((suggestion, place) =>
      createOption(suggestion, `${list.id}-${place}`, place === chosen),
    );
    options.forEach((option, place) =>
      option.addEventListener("pointerdown", (event) => {
        event.preventDefault(); // the input keeps the focus
        take(place);
      }),
    );
    list.replaceChildren(...options);
    list.hidden = !found.length;
    input.ariaExpanded = String(!list.hidden);
    if (chosen < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", `${list.id}-${chosen}`);
    options[chosen]?.scrollIntoView({ block: "nearest" });
  };
  const close = () => {
    clearTimeout(timer);
    requests += 1;
    [found, chosen] = [[], -1];
    draw();
  };
  const look = async () => {
    const mine = (requests += 1);
    const suggestions = await suggest(input);
    if (mine !== requests || document.activeElement !== input) return;
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
  // the user may have typed before this module was loaded
  if (input.value !== input.defaultValue) void look();
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" && !found.length) void look();
    else if (event.key === "ArrowDown") chosen = (chosen + 1) % found.length;
    else if (event.key === "ArrowUp" && found.length)
      chosen = (chosen <= 0 ? found.length : chosen) - 1;
    else if (event.key === "Escape" && found.length) close();
    else if ((event.key === "Enter" || event.key === "Tab") && chosen >= 0) take(chosen);
    else return;
    event.preventDefault();
    event.stopPropagation();
    draw();
  });
}

/**
 * Create a list item for a suggestion.
 * @param {Suggestion} suggestion
 * @param {string} id
 * @param {boolean} isChosen
 */
function createOption({ query, kind, value, papers }, id, isChosen) {
  const item = Object.assign(document.createElement("li"), { id });
  item.role = "option";
  item.ariaSelected = String(isChosen);
  if (kind) item.dataset.label = kind.toUpperCase();
  const name = Object.assign(document.createElement("span"), {
    textContent: kind ? value : query,
  });
  const count = Object.assign(document.createElement("span"), {
    className: "count",
    textContent: papers === null ? "" : String(papers),
  });
  item.append(name, count);
  return item;
}

/**
 * Return suggestions for what is typed before the cursor.
 * @param {HTMLInputElement} input
 * @returns {Promise<Suggestion[]>}
 */
async function suggest(input) {
  if (input.dataset.complete !== "query") {
    return request(`${input.dataset.complete}:${input.value.trim()}`);
  }
  const found = WORD.exec(before(input));
  const [field, begun] = [found?.[1]?.toLowerCase(), found?.[2] ?? ""];
  const start = begun.toLowerCase();
  if (field && values(field).length) {
    return values(field)
      .filter((value) => value.startsWith(start))
      .map((value) => constant(`${field}:${value}`));
  }
  const names = field || !begun ? [] : Object.keys(fields());
  const named = names.filter((name) => name.startsWith(start)).map((name) => constant(`${name}:`));
  const answered = begun || field ? await request(field ? `${field}:${begun}` : begun) : [];
  return [...named, ...answered].slice(0, MOST);
}

/**
 * Return a suggestion that is part of the query language, without a count of papers.
 * @param {string} query
 * @returns {Suggestion}
 */
function constant(query) {
  return { query, kind: "", value: query, papers: null };
}

/**
 * Request suggestions from the server; return none if it does not answer.
 * @param {string} prefix
 * @returns {Promise<Suggestion[]>}
 */
async function request(prefix) {
  const address = document.body.dataset.suggestions;
  const parameters = new URLSearchParams({ limit: String(MOST), prefix: prefix.slice(0, 200) });
  try {
    const answer = await fetch(`${address}?${parameters}`);
    return answer.ok ? await answer.json() : [];
  } catch {
    return []; // offline, or the page is being left
  }
}

/**
 * Return the fields of the query language, each with its values if these are fixed.
 * @returns {Record<string, string[]>}
 */
function fields() {
  const template = /** @type {HTMLTemplateElement | null} */ (document.querySelector("#fields"));
  return JSON.parse(template?.content.textContent ?? "{}");
}

/**
 * Return the fixed values of a field, none if it is free text.
 * @param {string} field
 * @returns {string[]}
 */
function values(field) {
  const all = fields();
  return Object.hasOwn(all, field) ? all[field] : [];
}

/**
 * Return the text before the cursor.
 * @param {HTMLInputElement} input
 */
function before(input) {
  return input.value.slice(0, input.selectionStart ?? input.value.length);
}

/**
 * Replace the word before the cursor by a suggestion.
 * @param {HTMLInputElement} input
 * @param {Suggestion} suggestion
 */
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
