/** Repeats work against the clock. */

export interface Work<Outcome> {
  /** Most units of work (solves, training steps) in one repetition. */
  readonly most: number;
  /** Makes fresh inputs, and waits until they are there. Not timed. */
  prepare(repetition: number): Promise<void>;
  /** Does the work, and returns when the device has done it. */
  run(units: number): Promise<Outcome>;
  /** Frees what it holds on the device. */
  dispose(): void;
}

export interface Limits {
  readonly repetitions: number;
  /** After so long no further repetition is begun; one there is in any case. */
  readonly milliseconds: number;
}

/** Milliseconds are those of one unit. */
export interface Timing {
  readonly median: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly repetitions: number;
  /** Units timed together in each repetition. */
  readonly units: number;
  /** The time was up before the repetitions were done. */
  readonly cut: boolean;
}

const MOST_WARM_UPS = 3;

/**
 * Warms up (compilation, pools, caches), then times repetitions, each on inputs of its own.
 * @returns the timing, and the outcome of the first repetition
 */
export async function measured<Outcome>(
  work: Work<Outcome>,
  { repetitions, milliseconds }: Limits,
): Promise<{ timing: Timing; outcome: Outcome }> {
  const share = milliseconds / 4;
  const warmUps: number[] = [];
  while (warmUps.length === 0 || (warmUps.length < MOST_WARM_UPS && sum(warmUps) < share)) {
    warmUps.push((await timed(work, 0, 1)).elapsed);
  }
  const units = Math.min(Math.max(Math.floor(share / Math.min(...warmUps)), 1), work.most);
  const first = await timed(work, 1, units);
  const all = [first.elapsed];
  while (all.length < repetitions && sum(all) < milliseconds) {
    all.push((await timed(work, all.length + 1, units)).elapsed);
  }
  const each = all.map((elapsed) => elapsed / units);
  const timing = {
    median: median(each),
    minimum: Math.min(...each),
    maximum: Math.max(...each),
    repetitions: all.length,
    units,
    cut: all.length < repetitions,
  };
  return { timing, outcome: first.outcome };
}

async function timed<Outcome>(
  work: Work<Outcome>,
  repetition: number,
  units: number,
): Promise<{ elapsed: number; outcome: Outcome }> {
  await work.prepare(repetition);
  const started = performance.now();
  const outcome = await work.run(units);
  return { elapsed: performance.now() - started, outcome };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** The mean of the two in the middle where their number is even. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('median: values is empty; it must hold at least one number');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
