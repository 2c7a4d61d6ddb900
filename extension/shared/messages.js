/** Messages: a page asks the background and gets an answer; news is pushed to all pages. */

/** @type {typeof chrome} */
export const browser = Reflect.get(globalThis, "browser") ?? Reflect.get(globalThis, "chrome");

const PING_SECONDS = 20;
const RECONNECT_MILLISECONDS = 1_000;

/**
 * An error that can cross from the background to a page: `cause` is its code, the message is for
 * people.
 */
export class Failure extends Error {
  /** @param {string} cause @param {string} message */
  constructor(cause, message) {
    super(message);
    this.cause = cause;
  }
}

/**
 * Ask the background.
 * @param {string} kind
 * @param {object} [body]
 * @returns {Promise<any>}
 * @throws {Failure} what the background threw, or "gone" if the extension was updated or removed
 */
export async function ask(kind, body = {}) {
  const reply = await browser.runtime
    .sendMessage({ kind, body })
    .catch((/** @type {Error} */ error) => {
      throw new Failure("gone", error.message);
    });
  if (!reply) throw new Failure("gone", "no answer");
  if (reply.error) throw new Failure(reply.error.cause, reply.error.message);
  return reply.value;
}

/**
 * Ask for something twice at once: from the cache, which answers immediately if it can, and from
 * the server.
 * @param {string} kind
 * @param {object} body
 * @param {(value: any) => void} show called with each answer, the server's last
 */
export async function askTwice(kind, body, show) {
  const fresh = ask(kind, body);
  const cached = await ask(kind, { ...body, cached: true }).catch(() => null);
  if (cached) show(cached);
  show(await fresh);
}

/**
 * Answer messages with the handlers of `table`. Content scripts may send only the kinds in `open`,
 * the extension's own pages all of them.
 * @param {Record<string, (body: any, sender: chrome.runtime.MessageSender) => unknown>} table
 * @param {Set<string>} open
 */
export function answer(table, open) {
  browser.runtime.onMessage.addListener((message, sender, reply) => {
    const trusted = sender.id === browser.runtime.id && (isOurs(sender) || open.has(message?.kind));
    if (!trusted || !Object.hasOwn(table, message.kind)) return false;
    respond(table[message.kind], message.body, sender).then(reply);
    return true;
  });
}

/**
 * @param {(body: any, sender: chrome.runtime.MessageSender) => unknown} handler
 * @param {any} body
 * @param {chrome.runtime.MessageSender} sender
 */
async function respond(handler, body, sender) {
  try {
    return { value: (await handler(body, sender)) ?? null };
  } catch (error) {
    const failure = /** @type {Error} */ (error);
    // only unforeseen errors: the others are shown to the person
    if (!("cause" in failure && failure.cause)) console.error(failure);
    return {
      error: {
        cause: String(failure.cause ?? "bug"),
        message: failure.message,
      },
    };
  }
}

/** @param {chrome.runtime.MessageSender} sender */
function isOurs(sender) {
  return Boolean(sender.url?.startsWith(browser.runtime.getURL("")));
}

/**
 * Receive news from the background while the page is visible.
 *
 * A service worker stops after 30 s without events, and the stream of the server's changes with it:
 * a visible page keeps it awake, a hidden one lets it stop. The background sends its state to every
 * page that connects; `onReturn` is for the rest of what a page may have missed.
 * @param {(news: any) => void} onNews
 * @param {() => void} onReturn called after a break
 */
export function listen(onNews, onReturn) {
  /** @type {chrome.runtime.Port | undefined} */
  let port;
  const open = () => {
    // `runtime.id` is gone once the extension was updated
    if (port || document.hidden || !browser.runtime?.id) return;
    port = browser.runtime.connect({ name: "margin" });
    port.onMessage.addListener(onNews);
    port.onDisconnect.addListener(() => {
      port = undefined;
      setTimeout(reopen, RECONNECT_MILLISECONDS);
    });
  };
  const reopen = () => {
    if (port || document.hidden) return;
    open();
    onReturn();
  };
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) return reopen();
    port?.disconnect();
    port = undefined;
  });
  setInterval(() => port?.postMessage("here"), PING_SECONDS * 1_000);
  open();
}
