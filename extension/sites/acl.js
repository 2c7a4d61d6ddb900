/** ACL Anthology: a paper's page, which names its title, authors and mostly a DOI. Pure. */

import { readCitation, textOf } from "./citation.js";

/** @import { Site } from "./pages.js" */

/** Ids of today, "2023.acl-long.1", and those before 2020, "P18-1001". */
const PAPER = /^\/(?:\d{4}\.[\w-]+\.\d+|[A-Z]\d{2}-\d{4,5})\/?$/;
const ABSTRACT = ".acl-abstract > span";

/** @type {Site} */
export const acl = {
  name: "acl",
  hosts: /^aclanthology\.org$/,
  keyOf: () => null,
  isPaper: ({ pathname }) => PAPER.test(pathname),
  readPaper: (page) => {
    const abstract = textOf(page, ABSTRACT);
    return { ...readCitation(page), ...(abstract ? { abstract } : {}) };
  },
  readList: () => null,
  abstract: ABSTRACT,
};
