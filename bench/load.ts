/** Foreign load: the processor time that other programs use while something is measured. */
import { type Reading, readProcessors } from './processor-times.ts';

/** A repetition counts as loaded where others had more than this share of all processors. */
export const LOADED_SHARE = 0.1;
/** The share is measured over at least this many milliseconds, because the clocks of processes have steps of 10 ms. */
export const LOAD_WINDOW = 250;
/** How often one repetition is tried. The last try counts even if it was loaded, and is marked. */
export const MAXIMUM_TRIES = 3;

/** How foreign load was treated. This is part of the results. */
export interface LoadRule {
  readonly share: number;
  readonly milliseconds: number;
  readonly tries: number;
  /** False where the system does not report processor times: then nothing is known about other work. */
  readonly watched: boolean;
}

/** The share of all processors that others had between two readings, in [0, 1]; undefined where no time has passed. */
export function othersBetween(earlier: Reading, later: Reading): number | undefined {
  const total = later.total - earlier.total;
  if (!(total > 0)) return undefined;
  const others = later.busy - earlier.busy - (later.own - earlier.own);
  return Math.min(Math.max(others / total, 0), 1);
}

/** Watches from its creation on how much of the processors others use. */
export class LoadWatch {
  private readonly kept: { readonly at: number; readonly reading: Reading }[] = [];

  constructor(
    private readonly read: () => Reading | undefined = readProcessors,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.share();
  }

  /** Whether the system reports processor times. */
  get watched(): boolean {
    return this.kept.length > 0;
  }

  get rule(): LoadRule {
    return { share: LOADED_SHARE, milliseconds: LOAD_WINDOW, tries: MAXIMUM_TRIES, watched: this.watched };
  }

  /**
   * The share of others since the last call, or over LOAD_WINDOW if the last call was more recent. Undefined where it
   * is not known.
   */
  share(): number | undefined {
    const reading = this.read();
    if (!reading) return undefined;
    const at = this.now();
    const last = this.kept[this.kept.length - 1];
    // The newest of the readings that are old enough is kept; those before it are of no further use.
    const old = this.kept.filter((each) => at - each.at >= LOAD_WINDOW).length;
    this.kept.splice(0, old - 1);
    const from = last && at - last.at >= LOAD_WINDOW ? last : this.kept[0];
    this.kept.push({ at, reading });
    return from && othersBetween(from.reading, reading);
  }
}
