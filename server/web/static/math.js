// @ts-check
/** Typeset LaTeX with KaTeX: between dollars in `data-math` elements, and the formulas of notes. */

const HERE = new URL(".", import.meta.url);
// a dollar before a space, or with a digit after the last one, is money (exports do the same)
const FORMULA = /(?<![\\$])\$(?![\s$])([^$\n]{1,300}?)(?<![\s\\])\$(?![\d$])/;

/** @type {Promise<any> | null} */
let loading = null;

/**
 * Typeset the formulas in a node; one that KaTeX cannot parse stays as it is.
 * @param {ParentNode & Node} root
 */
export async function typeset(root) {
  const marked = [...root.querySelectorAll("[data-math]")];
  if (root instanceof Element && root.matches("[data-math]")) marked.push(root);
  const texts = marked.flatMap(textNodes).filter((text) => FORMULA.test(text.data));
  const formulas = [...root.querySelectorAll(".math")];
  if (!texts.length && !formulas.length) return;
  const katex = await load();
  if (!katex) return;
  texts.forEach((text) => split(katex, text));
  for (const node of formulas) {
    const tex = (node.textContent ?? "").trim().replace(/^\$+|\$+$/g, "");
    replace(katex, node, tex, node.tagName === "DIV");
  }
}

/**
 * Return the text nodes outside of code and formulas.
 * @param {Node} root
 * @returns {Text[]}
 */
function textNodes(root) {
  const found = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = /** @type {Text} */ (walker.currentNode);
    if (!text.parentElement?.closest(".katex, .math, code, pre")) found.push(text);
  }
  return found;
}

/**
 * Replace each formula in a text node.
 * @param {any} katex
 * @param {Text} text
 */
function split(katex, text) {
  for (let found = FORMULA.exec(text.data); found; found = FORMULA.exec(text.data)) {
    const formula = text.splitText(found.index);
    text = formula.splitText(found[0].length);
    replace(katex, formula, found[1], false);
  }
}

/**
 * Replace a node by its typeset formula, which keeps the LaTeX in `data-tex`.
 * @param {any} katex
 * @param {ChildNode} node
 * @param {string} tex
 * @param {boolean} displayMode
 */
function replace(katex, node, tex, displayMode) {
  const place = document.createElement("span");
  try {
    // without `throwOnError`, KaTeX colours errors by a style attribute, which our policy forbids
    katex.render(tex, place, {
      displayMode,
      throwOnError: true,
      strict: "ignore",
      maxSize: 10,
      maxExpand: 200,
    });
  } catch (error) {
    if (!(error instanceof katex.ParseError)) throw error;
    return;
  }
  place.dataset.tex = node.textContent ?? "";
  node.replaceWith(place);
}

/**
 * Load KaTeX and its style sheet once. Returns null if the browser stops loading them, as it does when
 * the page is left: formulas then stay LaTeX.
 * @returns {Promise<any>}
 */
function load() {
  loading ??= new Promise((resolve) => {
    const style = Object.assign(document.createElement("link"), {
      rel: "stylesheet",
      href: new URL("vendor/katex/katex.min.css", HERE).href,
    });
    const script = Object.assign(document.createElement("script"), {
      src: new URL("vendor/katex/katex.min.js", HERE).href,
    });
    script.addEventListener("load", () => resolve(/** @type {any} */ (window).katex));
    script.addEventListener("error", () => resolve(null));
    document.head.append(style, script);
  });
  return loading;
}
