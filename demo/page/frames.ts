/** Painting is spread over frames, so that none of them is long. */

const waiting = new Set<() => void>();

/** Does `work` in a frame that has no other such work; once, however often it is asked for until then. */
export function inOwnFrame(work: () => void): void {
  if (waiting.size === 0) requestAnimationFrame(workOnce);
  waiting.add(work);
}

function workOnce(): void {
  const [work] = waiting;
  waiting.delete(work);
  if (waiting.size > 0) requestAnimationFrame(workOnce);
  work();
}
