/** How the parts of the extension speak: a page asks, the background answers, and what changes is told to all pages. */

/** @type {typeof chrome} */
export const browser = Reflect.get(globalThis, "browser") ?? Reflect.get(globalThis, "chrome");

const PING_SECONDS = 20;
const RECONNECT_MILLISECONDS = 1_000;

/** A failure that crossed from the background: `cause` names it for a program, the message tells a person. */
export class Failure extends Error {
  /** @param {string} cause @param {string} message */
  constructor(cause, message) {
    super(message);
    this.cause = cause;
  }
}

/**
 * Ask the background; raises the Failure that it raised, or one with cause "gone" when the extension was replaced.
 * @param {string} kind
 * @param {object} [body]
 * @returns {Promise<any>}
 */
export async function ask(kind, body = {}) {
  const reply = await browser.runtime.sendMessage({ kind, body }).catch((/** @type {Error} */ error) => {
    throw new Failure("gone", error.message);
  });
  if (!reply) throw new Failure("gone", "no answer");
  if (reply.error) throw new Failure(reply.error.cause, reply.error.message);
  return reply.value;
}

/**
 * Answer messages by a table; a page in a tab may ask only what `open` names, the extension's own pages everything.
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
    if (!("cause" in failure && failure.cause)) console.error(failure);
    return { error: { cause: String(failure.cause ?? "bug"), message: failure.message } };
  }
}

/** @param {chrome.runtime.MessageSender} sender */
function isOurs(sender) {
  return Boolean(sender.url?.startsWith(browser.runtime.getURL("")));
}

/**
 * Hear what the background tells, for as long as the page is seen; `onReturn` is called when a break is over.
 *
 * A worker stops after 30 s without events, and the stream of the server's changes with it: a page that is looked at
 * keeps it awake, a hidden one lets it sleep.
 * @param {(news: any) => void} onNews
 * @param {() => void} onReturn
 */
export function listen(onNews, onReturn) {
  /** @type {chrome.runtime.Port | undefined} */
  let port;
  const open = () => {
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
