/** Painting is spread over frames, so that none of them is long. */

const waiting = new Set<() => void>();

/** Does `work` in a frame that has no other such work; once, however often it is asked for until then. */
export function runInOwnFrame(work: () => void): void {
  if (waiting.size === 0) requestAnimationFrame(runNext);
  waiting.add(work);
}

function runNext(): void {
  const [work] = waiting;
  waiting.delete(work);
  if (waiting.size > 0) requestAnimationFrame(runNext);
  work();
}
