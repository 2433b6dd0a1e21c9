/** Repeats work against the clock, that of several libraries by turns, so that whatever disturbs them disturbs all alike. */
import type { Outcome, Work } from './cases.ts';
import type { Verdict } from './referee.ts';

export interface Limits {
  readonly repetitions: number;
  /** Of one contestant: after so long it makes no further repetition; one it makes in any case. */
  readonly milliseconds: number;
}

/** Milliseconds are those of one unit. */
export interface Timing {
  readonly median: number;
  readonly minimum: number;
  readonly maximum: number;
  /** Of each repetition, in their order: two contestants worked on the same problem in the same place. */
  readonly all: readonly number[];
  /** Units timed together in each repetition. */
  readonly units: number;
  /** The time was up before the repetitions were done. */
  readonly cut: boolean;
  /** Of the repetitions: those during which others kept the computer busy, at every try. */
  readonly foreign: number;
  /** Tries that do not count, for the same reason. */
  readonly repeated: number;
}

export type Measured = { readonly timing: Timing; readonly outcome: Outcome } | { readonly error: string };

export interface Match<Problem> {
  /** Made anew for each repetition, once for all; 0 is that of the warm-up. */
  problem(repetition: number): Problem;
  /** Most units that one problem is enough for. */
  readonly most: number;
}

interface Contestant<Problem> {
  readonly work: Work<Problem>;
  readonly times: number[];
  units: number;
  foreign: number;
  repeated: number;
  /** In the last round. */
  isIn: boolean;
  outcome?: Outcome;
  error?: string;
}

const MOST_WARM_UPS = 50;

/**
 * Contestants that take turns: each repetition all of them work on the same problem, beginning with another one each time. Who
 * leads the repetitions is `referee.ts`, which may be in another process.
 */
export class Contest<Problem> {
  private readonly contestants: readonly Contestant<Problem>[];

  constructor(
    works: readonly Work<Problem>[],
    private readonly match: Match<Problem>,
    private readonly limits: Limits,
  ) {
    this.contestants = works.map((work) => ({ work, times: [], units: 1, foreign: 0, repeated: 0, isIn: true }));
  }

  /** Compilation, pools, caches. */
  async begin(): Promise<void> {
    const { problem, most } = this.match;
    const warmUp = problem(0);
    for (const each of this.contestants) await guarded(each, () => warmedUp(each, warmUp, most, this.limits));
  }

  /**
   * Times one repetition.
   * @param repetition from 1
   * @returns false where nobody takes part any more
   */
  async round(repetition: number): Promise<boolean> {
    for (const each of this.contestants) each.isIn = isGoing(each, this.limits);
    const going = this.contestants.filter(({ isIn }) => isIn);
    if (going.length === 0) return false;
    const given = this.match.problem(repetition);
    for (const contestant of rotated(going, repetition - 1)) {
      await guarded(contestant, async () => {
        const { elapsed, outcome } = await timed(contestant.work, given, contestant.units);
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

  /** In the order of the works the timing, and the outcome of the first repetition; or what went wrong. */
  results(): Measured[] {
    return this.contestants.map((contestant) => resultOf(contestant, this.limits));
  }
}

async function warmedUp<Problem>(
  contestant: Contestant<Problem>,
  problem: Problem,
  most: number,
  { milliseconds }: Limits,
): Promise<void> {
  const share = milliseconds / 4;
  const times: number[] = [];
  while (times.length === 0 || (times.length < MOST_WARM_UPS && sum(times) < share)) {
    times.push((await timed(contestant.work, problem, 1)).elapsed);
  }
  contestant.units = Math.min(Math.max(Math.floor(share / Math.min(...times)), 1), most);
}

/** One that fails is out; the others go on. */
async function guarded<Problem>(contestant: Contestant<Problem>, body: () => Promise<void>): Promise<void> {
  if (contestant.error !== undefined) return;
  try {
    await body();
  } catch (error) {
    contestant.error = error instanceof Error ? error.message : String(error);
  }
}

function isGoing<Problem>({ times, error }: Contestant<Problem>, { milliseconds }: Limits): boolean {
  return error === undefined && (times.length === 0 || sum(times) < milliseconds);
}

function rotated<Item>(items: readonly Item[], by: number): Item[] {
  const first = by % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}

async function timed<Problem>(
  work: Work<Problem>,
  problem: Problem,
  units: number,
): Promise<{ elapsed: number; outcome: Outcome }> {
  await work.prepare(problem);
  const started = performance.now();
  const outcome = await work.run(units);
  return { elapsed: performance.now() - started, outcome };
}

function resultOf<Problem>(contestant: Contestant<Problem>, limits: Limits): Measured {
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

/** The interquartile range relative to the median: what half of the repetitions lie within. */
export function spreadOf({ all, median: middle }: Pick<Timing, 'all' | 'median'>): number {
  return (quantile(all, 0.75) - quantile(all, 0.25)) / middle;
}

/** Between the two neighbours on a straight line. */
function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  return sorted[below] + (at - below) * (sorted[Math.ceil(at)] - sorted[below]);
}

/** The mean of the two in the middle where their number is even. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('median: values is empty; it must hold at least one number');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * How many times as long one took as another: the median over the repetitions that both made, each of which found them under
 * the same conditions.
 */
export function ratioOf({ all: longer }: Timing, { all: shorter }: Timing): number {
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
