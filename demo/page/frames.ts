/** Spreads painting over several frames, so that no frame is long. */

const waiting = new Set<() => void>();

/** Runs `work` in a frame without other such work. Further calls before that frame have no effect. */
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
