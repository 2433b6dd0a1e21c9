/** Foreign load: what others make the processors do while something is measured. */
import { type Reading, readProcessors } from './processor-times.ts';

/** Of all processors: a repetition is loaded where others had more than this share of them. */
export const LOADED_SHARE = 0.1;
/** Milliseconds over which the share is told at least: clocks of processes have steps of 10 ms. */
export const LOAD_WINDOW = 250;
/** How often one repetition is tried; the last try counts, whatever disturbed it, and is marked. */
export const MOST_TRIES = 3;

/** How foreign load was treated: part of the results. */
export interface LoadRule {
  readonly share: number;
  readonly milliseconds: number;
  readonly tries: number;
  /** False where the system does not tell: then nothing is known of other work. */
  readonly watched: boolean;
}

/** The share of all processors that others had between two readings, in [0, 1]; undefined where no time has passed. */
export function othersBetween(earlier: Reading, later: Reading): number | undefined {
  const total = later.total - earlier.total;
  if (!(total > 0)) return undefined;
  const others = later.busy - earlier.busy - (later.own - earlier.own);
  return Math.min(Math.max(others / total, 0), 1);
}

/** Watches what others do from its creation on. */
export class LoadWatch {
  private readonly kept: { readonly at: number; readonly reading: Reading }[] = [];

  constructor(
    private readonly read: () => Reading | undefined = readProcessors,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.share();
  }

  /** Whether the system tells. */
  get watched(): boolean {
    return this.kept.length > 0;
  }

  get rule(): LoadRule {
    return { share: LOADED_SHARE, milliseconds: LOAD_WINDOW, tries: MOST_TRIES, watched: this.watched };
  }

  /** The share of others since the last call; over LOAD_WINDOW where that is longer ago. Undefined where it is not known. */
  share(): number | undefined {
    const reading = this.read();
    if (!reading) return undefined;
    const at = this.now();
    const last = this.kept[this.kept.length - 1];
    // The latest of those that are old enough; the readings before it are of no further use.
    const old = this.kept.filter((each) => at - each.at >= LOAD_WINDOW).length;
    this.kept.splice(0, old - 1);
    const from = last && at - last.at >= LOAD_WINDOW ? last : this.kept[0];
    this.kept.push({ at, reading });
    return from && othersBetween(from.reading, reading);
  }
}
