/**
 * The papers of pages that name no id, but a DOI or a title: which papers of the server they are.
 */

import { ask } from "../shared/messages.js";

/** @import { PagePaper } from "../shared/types.d.ts" */
/** @import { Page } from "../sites/pages.js" */

export class Identities {
  /** @type {Map<string, string | null | undefined>} null: not on the server; undefined: asked */
  #keys = new Map();

  /**
   * @param {{ onFound: () => void, onError: (error: unknown) => void }} acts
   */
  constructor({ onFound, onError }) {
    this.onFound = onFound;
    this.onError = onError;
  }

  /**
   * Return the page with the key of its paper filled in. While that is not known, and where the
   * server does not have it, the page has no paper, and is of the kind "other" or "unknown".
   * @param {Page} page
   * @returns {Page}
   */
  fill(page) {
    const { paper } = page;
    if (!paper || paper.id) return page;
    const key = paper.title ? this.#keyOf(paper) : undefined;
    if (key) return { ...page, paper: { ...paper, id: key } };
    const kind = key === null ? "unknown" : "other";
    return { ...page, kind, paper: null, ...(key === null ? { unknown: paper } : {}) };
  }

  /** @param {PagePaper} paper */
  #keyOf(paper) {
    const name = nameOf(paper);
    if (!this.#keys.has(name)) {
      this.#keys.set(name, undefined);
      void this.find(paper);
    }
    return this.#keys.get(name);
  }

  /**
   * Ask which paper of the server it is, again if it was none.
   * @param {PagePaper} paper
   */
  async find(paper) {
    try {
      this.#keys.set(nameOf(paper), await ask("identify", { paper }));
      this.onFound();
    } catch (error) {
      this.onError(error);
    }
  }

  /**
   * Put a paper that the server does not have into the reading list.
   * @param {PagePaper} paper
   */
  async add(paper) {
    this.#keys.set(nameOf(paper), await ask("addPaper", { paper }));
    this.onFound();
  }

  /** Ask again for what the server was not there to answer. */
  retry() {
    for (const [name, key] of this.#keys) if (key === undefined) this.#keys.delete(name);
  }
}

/** @param {PagePaper} paper */
function nameOf({ doi, title }) {
  return `${doi ?? ""}|${title}`;
}
