/**
 * The parts of a browser that the extension's background needs, in memory, and a server whose
 * answers a test chooses.
 */

/** @type {Map<string, any>} */
const stored = new Map();

const area = {
  get: async (/** @type {string | null} */ key) =>
    structuredClone(
      key === null ? Object.fromEntries(stored) : stored.has(key) ? { [key]: stored.get(key) } : {},
    ),
  set: async (/** @type {Record<string, any>} */ records) => {
    for (const [key, value] of Object.entries(structuredClone(records))) stored.set(key, value);
  },
  remove: async (/** @type {string} */ key) => void stored.delete(key),
};

/** Locks are granted in the order in which they were asked for. */
const queues = new Map();
const locks = {
  request: (/** @type {string} */ name, /** @type {any[]} */ ...rest) => {
    const work = rest.at(-1);
    const turn = (queues.get(name) ?? Promise.resolve()).then(work, work);
    queues.set(name, turn);
    return turn;
  },
};

/** An IndexedDB whose stores have the one key that the extension gives them. */
const tables = new Map();
const soon = (/** @type {() => any} */ result) => {
  const request = /** @type {any} */ ({});
  queueMicrotask(() => {
    request.result = result();
    request.onupgradeneeded?.();
    request.onsuccess?.();
  });
  return request;
};
const database = {
  createObjectStore: (/** @type {string} */ name, { keyPath = null } = {}) =>
    tables.set(name, { keyPath, rows: new Map() }),
  transaction: () => ({
    objectStore: (/** @type {string} */ name) => {
      const { keyPath, rows } = tables.get(name);
      return {
        get: (/** @type {any} */ key) => soon(() => structuredClone(rows.get(key))),
        put: (/** @type {any} */ row, /** @type {any} */ key = row[keyPath]) =>
          soon(() => void rows.set(key, structuredClone(row))),
        add: (/** @type {any} */ row) => soon(() => void rows.set(rows.size + 1, row)),
      };
    },
  }),
};

/** @type {{ method: string, path: string, headers: Headers, body: any }[]} */
export const requests = [];

/** @type {(request: (typeof requests)[number]) => Response | Promise<Response>} */
let respond = () => problem(500);

/**
 * Answer the next requests by a function, and forget those so far.
 * @param {typeof respond} wanted
 */
export function serve(wanted) {
  requests.length = 0;
  respond = wanted;
}

/** @param {any} body */
export function reply(body) {
  return Response.json(body);
}

/** @param {number} status @param {object} [members] of the problem details */
export function problem(status, members = {}) {
  return Response.json(
    { status, detail: `problem ${status}`, ...members },
    { status, headers: { "Content-Type": "application/problem+json" } },
  );
}

/** Put the browser where the extension looks for it, with a paired account. */
export function install() {
  stored.clear();
  for (const { rows } of tables.values()) rows.clear();
  stored.set("account", { address: "http://127.0.0.1:8620", token: "t", user: "me" });
  Object.assign(globalThis, {
    chrome: {
      storage: { local: area, session: area },
      permissions: { contains: async () => true },
    },
    indexedDB: { open: () => soon(() => database) },
    fetch: async (/** @type {string} */ address, /** @type {any} */ { method, headers, body }) => {
      const request = {
        method,
        path: new URL(address).pathname,
        headers,
        body: body ? JSON.parse(body) : undefined,
      };
      requests.push(request);
      return respond(request);
    },
  });
  Object.defineProperty(globalThis, "navigator", { value: { locks }, configurable: true });
}
