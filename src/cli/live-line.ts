/** Shows how far work is: on a terminal a line that is redrawn, elsewhere a line of its own now and then. */
import type { IO } from './io.ts';

/** Without a terminal nothing is shown before this: short work needs no progress. */
const FIRST_SECONDS = 4;
/** Then a line at most this often, and in long runs after each tenth of the time so far, so that logs stay short. */
const SECONDS_BETWEEN = 10;
const SHARE_BETWEEN = 0.1;

/** Shows the text as the present state; an empty one clears the line, because other output follows. */
export type LiveLine = (text: string) => void;

export function createLiveLine(io: IO, now: () => number = () => performance.now()): LiveLine {
  const { line, note } = io;
  if (line) return line;
  if (!note) return () => {};
  const started = now();
  let next = started + 1000 * FIRST_SECONDS;
  return (text) => {
    const time = now();
    if (text !== '' && time < next) return;
    if (text !== '') note(`${text}\n`);
    // Other output counts as a sign of life, too.
    const between = Math.max(1000 * SECONDS_BETWEEN, SHARE_BETWEEN * (time - started));
    next = Math.max(next, time + between);
  };
}
