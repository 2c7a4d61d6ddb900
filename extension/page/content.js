/**
 * The content script. It installs its listeners before the page's scripts run, so that they cannot
 * read what is typed, pasted or dropped into the margin, and then loads the margin.
 *
 * A content script of the manifest cannot be a module, so it imports one.
 */
(async () => {
  const { runtime } = /** @type {typeof chrome} */ (Reflect.get(globalThis, "browser") ?? chrome);
  const KEYS = ["keydown", "keypress", "keyup"];
  const WORDS = [
    "beforeinput",
    "input",
    "textInput",
    "compositionstart",
    "compositionupdate",
    "compositionend",
  ];
  const TRANSFERS = [
    "copy",
    "cut",
    "paste",
    "dragstart",
    "dragenter",
    "dragover",
    "drag",
    "dragend",
    "drop",
  ];
  const PULSE = "papermargin-pulse";
  let beats = 0;
  const guard = {
    take: (/** @type {Event} */ _) => {},
    // document.open() removes every listener of the window, ours too
    isUp: () => {
      const before = beats;
      dispatchEvent(new Event(PULSE));
      return beats > before;
    },
  };

  if (document.body) {
    // installed or updated while the page was open: its scripts may already listen, so no margin is
    // drawn
    runtime.onMessage.addListener((message, sender, reply) => {
      if (sender.id === runtime.id && message?.kind === "page") reply({ kind: "late" });
    });
    return;
  }
  addEventListener(PULSE, () => (beats += 1), true);
  for (const type of [...KEYS, ...WORDS, ...TRANSFERS]) {
    const stop = (/** @type {Event} */ event) => {
      const isOurs =
        event.target instanceof Element && event.target.localName.startsWith("papermargin-");
      if (isOurs) event.stopImmediatePropagation();
      // events that a page dispatches itself are not passed on
      if (event.isTrusted) guard.take(event);
    };
    // capturing on the window, and registered first: nothing of the page runs before
    addEventListener(type, stop, true);
  }
  const { start } = await import(runtime.getURL("page/start.js"));
  await start(guard);
})();
