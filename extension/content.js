/** Loads the margin into the page; a listed content script is classic, so the modules are imported from here. */
(async () => {
  const { runtime } = /** @type {typeof chrome} */ (Reflect.get(globalThis, "browser") ?? chrome);
  const { start } = await import(runtime.getURL("overlay.js"));
  await start();
})();
