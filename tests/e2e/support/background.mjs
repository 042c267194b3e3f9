// Tests that mostly wait, for a limit's seconds or for the end of an outage: they run beside the others. Each is begun
// before the first test of its describe, or of the file, and told at its place.
import {before, it as test} from 'node:test';

export function background(name, work) {
  let running;
  before(() => {
    running = work();
    running.catch(() => {}); // until it is told
  });
  test(name, () => running);
}

// The same, one after another, for those that start servers of their own.
let last = Promise.resolve();
export function queued(name, work) {
  background(name, () => {
    const running = last.then(work);
    last = running.catch(() => {});
    return running;
  });
}
