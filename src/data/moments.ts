/** The mean and the standard deviation of numbers with weights, in float64. */

export interface Moments {
  /** That of the numbers themselves where they are all the same; Infinity where there are none. */
  readonly mean: number;
  readonly deviation: number;
  /** Whether all numbers are the same. */
  readonly isConstant: boolean;
}

/** Calls `use` with each number and its weight > 0, every time with the same ones. */
export type Visit = (use: (x: number, weight: number) => void) => void;

/**
 * Σwx/Σw and √(Σw(x − mean)²/Σw). Weights and distances are taken in units of a power of two: so neither sums of very
 * large numbers exceed float64 nor squares of very small ones become 0, and the bits of others stay as they are.
 */
export function momentsOf(visit: Visit): Moments {
  let [least, greatest, heaviest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  visit((x, weight) => {
    least = Math.min(least, x);
    greatest = Math.max(greatest, x);
    heaviest = Math.max(heaviest, weight);
  });
  // The sum of a constant may round, so its mean is taken to be the value itself.
  if (least >= greatest) return { mean: least, deviation: 0, isConstant: true };
  const heavy = unitOf(heaviest);
  let [known, sum] = [0, 0];
  visit((x, weight) => {
    known += weight / heavy;
    sum += (weight / heavy) * x;
  });
  const mean = sum / known;
  const unit = unitOf(Math.max(greatest - mean, mean - least));
  let squares = 0;
  visit((x, weight) => {
    squares += (weight / heavy) * ((x - mean) / unit) ** 2;
  });
  return { mean, deviation: unit * Math.sqrt(squares / known), isConstant: false };
}

/** The power of two up to a number > 0. */
export function unitOf(largest: number): number {
  return 2 ** Math.floor(Math.log2(largest));
}
