/** Scheduling: throttle, debounce, and a queue that yields to the page. */

const SLICE_MILLISECONDS = 8;

/**
 * Make a queue of jobs that runs in slices of 8 ms, so that the page stays responsive. A newer job
 * for a thing replaces an older one; the job given to `last` runs when the queue is empty.
 */
export function makeTaskQueue() {
  /** @type {Map<unknown, () => void>} */
  const jobs = new Map();
  /** @type {(() => void) | null} */
  let closing = null;
  let running = false;
  const run = () => {
    const end = performance.now() + SLICE_MILLISECONDS;
    for (const [thing, job] of jobs) {
      // before it runs, since a job may add another one for the same thing
      jobs.delete(thing);
      job();
      if (performance.now() > end) break;
    }
    running = jobs.size > 0;
    // a new task, so that the page's own events come in between
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
 * Return a function that calls `act` once it has not been called for `pause`.
 * @param {number} pause milliseconds
 * @param {() => void} act
 * @returns {() => void}
 */
export function debounce(pause, act) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(act, pause);
  };
}

/**
 * Return a function that calls `act` at most once per `pause`.
 * @param {number} pause milliseconds
 * @param {() => void} act
 * @returns {() => void}
 */
export function throttle(pause, act) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  return () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      act();
    }, pause);
  };
}
