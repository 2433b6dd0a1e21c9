/** Where the path of a support vector machine starts: the cost below which it only grows in proportion. */
import { type Checks, readOptions } from '../../arguments/options.ts';
import { runInTurns } from '../../backends/event-loop.ts';
import { MarginRows } from '../../solvers/support-vectors/problem.ts';
import { findSmallestCost } from '../../solvers/support-vectors/smallest-cost.ts';
import { refuseNegative, refuseNoRows } from '../row-weights.ts';
import { unlessAborted } from '../run-limits.ts';
import { readTwoClasses } from '../two-classes.ts';
import {
  checkSupportVectors,
  SUPPORT_VECTOR_DATA,
  SUPPORT_VECTOR_OPTIONS,
  type SupportVectorData,
  type SupportVectorOptions,
} from './options.ts';

/** The data and options of `smallestSupportVectorCost`. */
export interface SupportVectorCostOptions extends SupportVectorData, Pick<SupportVectorOptions, 'signal'> {}

const OPTIONS: Checks<SupportVectorCostOptions> = { ...SUPPORT_VECTOR_DATA, signal: SUPPORT_VECTOR_OPTIONS.signal };

/**
 * Computes log C_min for each problem: for every smaller C, α and w are proportional to C, as every α (without an intercept), or
 * every α of the smaller class, is at its bound C cᵢ. It is for C what λ_max is for a penalty.
 * @returns one number for each problem; ∞ where w = 0 for every C, as with one class and an intercept
 * @throws RangeError if a shape or a number is wrong; the signal's reason once the signal is aborted
 */
export async function smallestSupportVectorCost(given: SupportVectorCostOptions): Promise<number[]> {
  const options = readOptions('smallestSupportVectorCost', given, OPTIONS, 'X', 'y');
  const { signal } = options;
  signal?.throwIfAborted();
  const { margins, weights, intercept, limit } = await readMachine('smallestSupportVectorCost', options);
  const costs: number[] = [];
  for (const rowWeights of weights) {
    costs.push(Math.log(await runInTurns(findSmallestCost(margins, rowWeights, intercept, limit), signal)));
  }
  return costs;
}

/** The data of a batch in numbers. */
export interface ReadMachine {
  readonly margins: MarginRows;
  /** c of each problem. */
  readonly weights: readonly Float64Array[];
  readonly intercept: boolean;
  readonly limit: number;
}

/** @throws RangeError where a shape or a number is wrong */
export async function readMachine(what: string, data: SupportVectorCostOptions): Promise<ReadMachine> {
  const { signal, ...rest } = data;
  const { engine, args, rows, features, batch, intercept, limit } = checkSupportVectors(what, { ...rest, logC: 0 });
  const reading = Promise.all(args.map(({ tensor }) => engine.downloadNow(tensor)));
  const numbers = await unlessAborted(engine.trackRead(reading), signal);
  for (const [index, { name }] of args.entries()) {
    const wrong = numbers[index].findIndex((value) => !Number.isFinite(value));
    if (wrong >= 0) throw new RangeError(`${name}: it holds ${numbers[index][wrong]}; every number must be finite`);
  }
  const [X, y, ofRows] = numbers;
  const all = ofRows ? Float64Array.from(ofRows) : new Float64Array(rows).fill(1);
  const weights = Array.from({ length: batch }, (_, sample) => {
    const own = all.length === rows ? all : all.subarray(sample * rows, (sample + 1) * rows);
    refuseNegative('rowWeights', own);
    refuseNoRows(own, sample);
    return own;
  });
  const margins = new MarginRows(Float64Array.from(X), readTwoClasses(y, 'a support vector machine'), features);
  return { margins, weights, intercept, limit };
}
