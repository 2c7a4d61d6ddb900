// @ts-check
/** LaTeX between dollars as KaTeX sets it, in what is marked with `data-math` and in the formulas of notes. */

const HERE = new URL(".", import.meta.url);
// as in exports: a dollar before a space or a digit after one is money
const FORMULA = /(?<![\\$])\$(?![\s$])([^$\n]{1,300}?)(?<![\s\\])\$(?![\d$])/;

/** @type {Promise<any> | null} */
let loading = null;

/**
 * Sets the formulas under a node; one that KaTeX cannot read stays as it was written.
 * @param {ParentNode & Node} root
 */
export async function typeset(root) {
  const marked = [...root.querySelectorAll("[data-math]"), ...(root instanceof Element && root.matches("[data-math]") ? [root] : [])];
  const texts = marked.flatMap(textNodes).filter((text) => FORMULA.test(text.data));
  const formulas = [...root.querySelectorAll(".math")];
  if (!texts.length && !formulas.length) return;
  const katex = await load();
  texts.forEach((text) => split(katex, text));
  formulas.forEach((node) => replace(katex, node, (node.textContent ?? "").trim().replace(/^\$+|\$+$/g, ""), node.tagName === "DIV"));
}

/** @param {Node} root @returns {Text[]} */
function textNodes(root) {
  const found = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) if (!walker.currentNode.parentElement?.closest(".katex, .math, code, pre")) found.push(/** @type {Text} */ (walker.currentNode));
  return found;
}

/** @param {any} katex @param {Text} text */
function split(katex, text) {
  for (let found = FORMULA.exec(text.data); found; found = FORMULA.exec(text.data)) {
    const formula = text.splitText(found.index);
    text = formula.splitText(found[0].length);
    replace(katex, formula, found[1], false);
  }
}

/** @param {any} katex @param {ChildNode} node @param {string} tex @param {boolean} displayMode */
function replace(katex, node, tex, displayMode) {
  const place = document.createElement("span");
  try {
    // what does not parse is not drawn in red: that would be a style attribute, which the page's policy forbids
    katex.render(tex, place, { displayMode, throwOnError: true, strict: "ignore", maxSize: 10, maxExpand: 200 });
  } catch (error) {
    if (!(error instanceof katex.ParseError)) throw error;
    return;
  }
  place.dataset.tex = node.textContent ?? "";
  node.replaceWith(place);
}

/** @returns {Promise<any>} */
function load() {
  loading ??= new Promise((resolve, reject) => {
    const style = Object.assign(document.createElement("link"), { rel: "stylesheet", href: new URL("vendor/katex/katex.min.css", HERE).href });
    const script = Object.assign(document.createElement("script"), { src: new URL("vendor/katex/katex.min.js", HERE).href });
    script.addEventListener("load", () => resolve(/** @type {any} */ (window).katex));
    script.addEventListener("error", reject);
    document.head.append(style, script);
  });
  return loading;
}
