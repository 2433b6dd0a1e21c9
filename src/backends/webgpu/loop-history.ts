/** How many passes a loop took in earlier runs. */

/**
 * If a loop took fewer passes than expected, the expectation falls by this share of the difference: a pass too many
 * costs little, but one too few may cost a repetition of the run.
 */
const DECREASE = 1 / 32;

/**
 * A run may enter a loop several times, once in each pass of an outer loop; each entry has an expectation of its own.
 */
export class LoopHistory {
  private readonly passes: number[] = [];

  /**
   * The number of passes to expect, not always an integer; undefined if no run has entered the loop this often.
   * @param entry how many times the run has entered the loop before
   */
  expected(entry: number): number | undefined {
    return this.passes[entry];
  }

  /** Notes that the loop took so many passes at this entry. */
  remember(entry: number, passes: number): void {
    const before = this.expected(entry) ?? 0;
    this.passes[entry] = Math.max(passes, before - DECREASE * Math.max(1, before - passes));
  }
}

/** A few more passes than expected, so that they are enough; but no more if at most one is expected. */
export function withReserve(expected: number): number {
  return Math.ceil(expected > 1 ? expected * 1.125 : expected);
}
