/** Write LaTeX as plain text, for display. Pure. */

/** @type {Record<string, string>} */
const SIGNS = {
  ...{ times: "×", pm: "±", sim: "~", approx: "≈", cdot: "·", infty: "∞", circ: "°" },
  ...{ le: "≤", leq: "≤", ge: "≥", geq: "≥", to: "→", rightarrow: "→", uparrow: "↑" },
  ...{ downarrow: "↓", alpha: "α", beta: "β", gamma: "γ", delta: "δ", epsilon: "ε" },
  ...{ lambda: "λ", mu: "μ", pi: "π", sigma: "σ", tau: "τ", phi: "φ", theta: "θ", omega: "ω" },
};

/**
 * Return a text without LaTeX: some commands become the sign they stand for, others are left out
 * and their arguments kept. A text without any comes back as it is.
 * @param {string} text
 * @returns {string}
 */
export function plainText(text) {
  if (!/[\\$]/.test(text)) return text;
  return text
    .replace(/\\([a-zA-Z]+)\s*/g, (_, name) => SIGNS[name] ?? "")
    .replace(/(?<!\\)[_^]?\{|(?<!\\)\}/g, "")
    .replace(/(?<!\\)\$([^$]*)(?<!\\)\$/g, "$1")
    .replace(/\\([%$&#_{}])/g, "$1")
    .replace(/\\+[,;:! ]?/g, " ")
    .replace(/\s+/g, " ")
    .trim();
}
