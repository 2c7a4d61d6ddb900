/**
 * Stands in the page before its scripts do, so that what is typed, pasted or dropped into the margin stops here and
 * they never hear of it; loads the margin when the page is there. A listed content script is classic, and imports.
 */
(async () => {
  const { runtime } = /** @type {typeof chrome} */ (Reflect.get(globalThis, "browser") ?? chrome);
  const KEYS = ["keydown", "keypress", "keyup"];
  const WORDS = ["beforeinput", "input", "textInput", "compositionstart", "compositionupdate", "compositionend"];
  const GOODS = ["copy", "cut", "paste", "dragstart", "dragenter", "dragover", "drag", "dragend", "drop"];
  const PULSE = "papermargin-pulse";
  let beats = 0;
  const guard = {
    take: (/** @type {Event} */ _) => {},
    // a page that calls document.open() throws out every listener of its window, ours too
    isUp: () => {
      const before = beats;
      dispatchEvent(new Event(PULSE));
      return beats > before;
    },
  };

  if (document.body) {
    // installed or updated while the page was open: its scripts may have been first, so it is left alone
    runtime.onMessage.addListener((message, sender, reply) => {
      if (sender.id === runtime.id && message?.kind === "page") reply({ kind: "late" });
    });
    return;
  }
  addEventListener(PULSE, () => (beats += 1), true);
  for (const type of [...KEYS, ...WORDS, ...GOODS]) {
    const stop = (/** @type {Event} */ event) => {
      const isOurs = event.target instanceof Element && event.target.localName.startsWith("papermargin-");
      if (isOurs) event.stopImmediatePropagation();
      if (event.isTrusted) guard.take(event);
    };
    addEventListener(type, stop, true);
  }
  const margin = import(runtime.getURL("overlay.js"));
  await new Promise((resolve) => addEventListener("DOMContentLoaded", resolve, { once: true }));
  await (await margin).start(guard);
})();
