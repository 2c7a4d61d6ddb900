/** When things are done: in slices, once for many calls, or after the last of them. */

const SLICE_MILLISECONDS = 8;

/** Work in slices, so that the page stays free to answer the person; newer work for a thing replaces older. */
export function makeSlices() {
  /** @type {Map<unknown, () => void>} */
  const jobs = new Map();
  /** @type {(() => void) | null} */
  let closing = null;
  let running = false;
  const run = () => {
    const end = performance.now() + SLICE_MILLISECONDS;
    for (const [thing, job] of jobs) {
      jobs.delete(thing);
      job();
      if (performance.now() > end) break;
    }
    running = jobs.size > 0;
    if (running) return void setTimeout(run);
    const finish = closing;
    closing = null;
    return finish?.();
  };
  const wake = () => {
    if (!running) setTimeout(run);
    running = true;
  };
  return {
    add: (/** @type {unknown} */ thing, /** @type {() => void} */ job) => {
      jobs.set(thing, job);
      wake();
    },
    last: (/** @type {() => void} */ job) => {
      closing = job;
      wake();
    },
  };
}

/**
 * Act when nobody has called for a while.
 * @param {number} pause milliseconds
 * @param {() => void} act
 * @returns {() => void} a call that waits until nobody called for a while
 */
export function settling(pause, act) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(act, pause);
  };
}

/**
 * Act once for all calls of a while.
 * @param {number} pause milliseconds
 * @param {() => void} act
 * @returns {() => void} a call that acts for all calls of a while, however many
 */
export function gathering(pause, act) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  return () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      act();
    }, pause);
  };
}
