/** The sites whose pages get a margin only after the person has allowed it. Pure. */

/**
 * @typedef {object} OptionalSite
 * @property {string} name that of its module in `sites/`
 * @property {string} title its name for people
 * @property {string[]} origins the permissions that are asked for, each of one host
 */

/** @type {OptionalSite[]} */
export const OPTIONAL_SITES = [
  { name: "acl", title: "aclanthology.org", origins: ["https://aclanthology.org/*"] },
  {
    name: "alphaxiv",
    title: "alphaxiv.org",
    origins: ["https://www.alphaxiv.org/*", "https://alphaxiv.org/*"],
  },
  { name: "openreview", title: "openreview.net", origins: ["https://openreview.net/*"] },
  {
    name: "semanticscholar",
    title: "semanticscholar.org",
    origins: ["https://www.semanticscholar.org/*"],
  },
];

/**
 * Return the site that an address belongs to, if the margin has to be allowed there.
 * @param {string} address
 * @returns {OptionalSite | undefined}
 */
export function optionalSiteAt(address) {
  if (!URL.canParse(address)) return undefined;
  const pattern = `${new URL(address).origin}/*`;
  return OPTIONAL_SITES.find(({ origins }) => origins.includes(pattern));
}
