import { createNumberCheck } from '../arguments/check.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import type { LinearMap } from '../solvers/linear-map.ts';
import { isSolved, type SampleReport } from '../solvers/report.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { solveMonotone } from './monotone.ts';
import { linearMapOf } from './monotone-arguments.ts';
import { MONOTONE_OPTIONS, type MonotoneMapOptions } from './options.ts';

/** The options of `tunedStep`: those of `monotoneFixedPoint`, without the ones that the search sets itself. */
export interface TuningOptions extends Omit<MonotoneMapOptions, 'solver' | 'linearSolver' | 'step' | 'onFailure'> {
  /** m > 0 with I − (W + Wᵀ)/2 ⪰ m·I, where W is a matrix; a LinearMap brings its own. */
  margin?: number;
  /**
   * The step size with which the search starts: a finite number > 1e-4, below which there is nothing to gain. Default
   * 1.
   */
  largest?: number;
}

const { solver: _s, linearSolver: _l, step: _a, onFailure: _f, ...KEPT } = MONOTONE_OPTIONS;
const TUNING_OPTIONS: Checks<TuningOptions> = { ...KEPT, largest: 0 };

/** The result of `tunedStep`. */
export interface TunedStep {
  /** The step size α with the fewest iterations; undefined where no α solved all samples. */
  readonly step: number | undefined;
  /** The mean number of iterations of a sample with that α; infinite where no α solved all samples. */
  readonly iterations: number;
  /** Every α that was tried, with its mean number of iterations, which is infinite where a sample was not solved. */
  readonly tried: readonly Readonly<Record<'step' | 'iterations', number>>[];
}

/** Below this α there is nothing to gain: V is then close to I, and the iteration hardly moves. */
const SMALLEST_STEP = 1e-4;

const LARGEST = /* @__PURE__ */ createNumberCheck(`a finite number > ${SMALLEST_STEP}`, (x) => x > SMALLEST_STEP);

/**
 * Finds the step size α with which Peaceman-Rachford splitting solves a batch in the fewest iterations. It starts from
 * `largest` and halves α for as long as the mean number of iterations does not grow, as in the code of Winston & Kolter
 * (2020). Each α takes one solve; about half a dozen are tried.
 * @param W [n, n], or a LinearMap that has a resolvent
 * @param b [batch, n]
 * @param given the options of `monotoneFixedPoint`, and `largest`
 * @throws RangeError where a shape or an option is wrong
 */
export async function tunedStep(W: Tensor | LinearMap, b: Tensor, given: TuningOptions): Promise<TunedStep> {
  const { largest = 1, margin, ...options } = readOptions('tunedStep', given, TUNING_OPTIONS);
  LARGEST('largest: it', largest);
  const map = linearMapOf(W, b, margin);
  const tried: { step: number; iterations: number }[] = [];
  for (let step = largest; step > SMALLEST_STEP; step /= 2) {
    const iterations = await meanIterations(map, b, { ...options, step });
    const before = tried.at(-1)?.iterations ?? Number.POSITIVE_INFINITY;
    tried.push({ step, iterations });
    if (iterations > before) break;
  }
  const best = tried.reduce((a, b) => (b.iterations < a.iterations ? b : a));
  return { step: Number.isFinite(best.iterations) ? best.step : undefined, iterations: best.iterations, tried };
}

async function meanIterations(map: LinearMap, b: Tensor, options: MonotoneMapOptions): Promise<number> {
  const solution = solveMonotone(map, b, { ...options, solver: 'peaceman-rachford', onFailure: 'report' });
  try {
    return meanOf((await solution.report).samples);
  } finally {
    solution.dispose();
  }
}

/** The mean number of iterations; infinite where a sample was not solved. */
function meanOf(samples: readonly SampleReport[]): number {
  if (!samples.every(isSolved)) return Number.POSITIVE_INFINITY;
  return samples.reduce((sum, { iterations }) => sum + iterations, 0) / samples.length;
}
