/** Repeats and times the work of several libraries in turns, so that disturbances affect all of them alike. */
import type { Outcome, Work } from './cases.ts';
import type { Verdict } from './referee.ts';

export interface Limits {
  readonly repetitions: number;
  /** A contestant makes no further repetition once it has used this much time, but always makes at least one. */
  readonly milliseconds: number;
}

/** Times of one unit, in milliseconds. */
export interface Timing {
  readonly median: number;
  readonly minimum: number;
  readonly maximum: number;
  /** Each repetition's time, in order: entries of two contestants at the same position come from the same problem. */
  readonly all: readonly number[];
  /** Units timed together in each repetition. */
  readonly units: number;
  /** Whether the time was up before all repetitions were done. */
  readonly cut: boolean;
  /** Repetitions during which others kept the computer busy at every try. */
  readonly foreign: number;
  /** Tries that were discarded because others kept the computer busy. */
  readonly repeated: number;
}

export type Measured = { readonly timing: Timing; readonly outcome: Outcome } | { readonly error: string };

export interface Match<Problem> {
  /** Creates the problem of a repetition, once for all contestants; 0 is the warm-up. */
  problem(repetition: number): Problem;
  /** The largest number of units that one problem suffices for. */
  readonly maximumUnits: number;
}

interface Runner<Problem> {
  readonly work: Work<Problem>;
  readonly times: number[];
  units: number;
  foreign: number;
  repeated: number;
  /** Whether the contestant took part in the last round. */
  isIn: boolean;
  outcome?: Outcome;
  error?: string;
}

const MAXIMUM_WARM_UPS = 50;

/**
 * Contestants that take turns: in each repetition all of them work on the same problem, and each time another one
 * begins. `referee.ts`, perhaps in another process, leads the repetitions.
 */
export class Contest<Problem> {
  private readonly contestants: readonly Runner<Problem>[];

  constructor(
    works: readonly Work<Problem>[],
    private readonly match: Match<Problem>,
    private readonly limits: Limits,
  ) {
    this.contestants = works.map((work) => ({ work, times: [], units: 1, foreign: 0, repeated: 0, isIn: true }));
  }

  /** Warms up compilation, pools and caches. */
  async begin(): Promise<void> {
    const { problem, maximumUnits } = this.match;
    const practice = problem(0);
    for (const each of this.contestants)
      await runGuarded(each, () => warmUp(each, practice, maximumUnits, this.limits));
  }

  /**
   * Times one repetition.
   * @param repetition counted from 1
   * @returns false once no contestant is left
   */
  async round(repetition: number): Promise<boolean> {
    for (const each of this.contestants) each.isIn = isGoing(each, this.limits);
    const going = this.contestants.filter(({ isIn }) => isIn);
    if (going.length === 0) return false;
    const given = this.match.problem(repetition);
    for (const contestant of rotate(going, repetition - 1)) {
      await runGuarded(contestant, async () => {
        const { elapsed, outcome } = await timeWork(contestant.work, given, contestant.units);
        contestant.times.push(elapsed);
        contestant.outcome ??= outcome;
      });
    }
    return true;
  }

  async judge(verdict: Verdict): Promise<void> {
    for (const each of this.contestants) {
      if (!each.isIn || each.error !== undefined) continue;
      if (verdict === 'mark') each.foreign++;
      else {
        each.times.pop();
        each.repeated++;
      }
    }
  }

  /** For each work, in order: the timing and the outcome of the first repetition, or the error. */
  results(): Measured[] {
    return this.contestants.map((contestant) => resultOf(contestant, this.limits));
  }
}

async function warmUp<Problem>(
  contestant: Runner<Problem>,
  problem: Problem,
  maximumUnits: number,
  { milliseconds }: Limits,
): Promise<void> {
  const share = milliseconds / 4;
  const times: number[] = [];
  while (times.length === 0 || (times.length < MAXIMUM_WARM_UPS && sum(times) < share)) {
    times.push((await timeWork(contestant.work, problem, 1)).elapsed);
  }
  contestant.units = Math.min(Math.max(Math.floor(share / Math.min(...times)), 1), maximumUnits);
}

/** Takes a contestant that fails out of the race; the others continue. */
async function runGuarded<Problem>(contestant: Runner<Problem>, body: () => Promise<void>): Promise<void> {
  if (contestant.error !== undefined) return;
  try {
    await body();
  } catch (error) {
    contestant.error = error instanceof Error ? error.message : String(error);
  }
}

function isGoing<Problem>({ times, error }: Runner<Problem>, { milliseconds }: Limits): boolean {
  return error === undefined && (times.length === 0 || sum(times) < milliseconds);
}

function rotate<Item>(items: readonly Item[], by: number): Item[] {
  const first = by % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}

async function timeWork<Problem>(
  work: Work<Problem>,
  problem: Problem,
  units: number,
): Promise<{ elapsed: number; outcome: Outcome }> {
  await work.prepare(problem);
  const started = performance.now();
  const outcome = await work.run(units);
  return { elapsed: performance.now() - started, outcome };
}

function resultOf<Problem>(contestant: Runner<Problem>, limits: Limits): Measured {
  const { times, units, foreign, repeated, outcome, error } = contestant;
  if (error !== undefined || !outcome) return { error: error ?? 'no repetition was made' };
  const all = times.map((elapsed) => elapsed / units);
  return {
    timing: { ...summaryOf(all), all, units, cut: all.length < limits.repetitions, foreign, repeated },
    outcome,
  };
}

export function summaryOf(all: readonly number[]): Pick<Timing, 'median' | 'minimum' | 'maximum'> {
  return { median: median(all), minimum: Math.min(...all), maximum: Math.max(...all) };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/**
 * The interquartile range, relative to the median: the width of the interval around the middle half of the repetitions.
 */
export function spreadOf({ all, median: middle }: Pick<Timing, 'all' | 'median'>): number {
  return (quantile(all, 0.75) - quantile(all, 0.25)) / middle;
}

/** A quantile, interpolated linearly between its two neighbours. */
function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  return sorted[below] + (at - below) * (sorted[Math.ceil(at)] - sorted[below]);
}

/** The mean of the two middle values where the number of values is even. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('median: values is empty; it must hold at least one number');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * How many times longer one contestant took than another: the median of the ratios over the repetitions that both
 * completed, since both met the same conditions in each of them.
 */
export function ratioOf({ all: longer }: Pick<Timing, 'all'>, { all: shorter }: Pick<Timing, 'all'>): number {
  const pairs = Math.min(longer.length, shorter.length);
  return median(Array.from({ length: pairs }, (_, index) => longer[index] / shorter[index]));
}

/** ‖x − y‖/‖y‖ */
export function differenceOf(x: ArrayLike<number>, y: ArrayLike<number>): number {
  if (x.length !== y.length) return Number.POSITIVE_INFINITY;
  let [difference, size] = [0, 0];
  for (let index = 0; index < y.length; index++) {
    difference += (x[index] - y[index]) ** 2;
    size += y[index] ** 2;
  }
  return Math.sqrt(difference / size);
}
