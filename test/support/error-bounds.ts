/** Random layers whose true solution the oracle knows: the error bounds in their reports must hold. */
import { expect } from 'vitest';
import { Tape } from '../../src/autodiff/tape.ts';
import { random } from '../../src/data/random.ts';
import { type ActivationOption, type Engine, monotoneFixedPoint } from '../../src/index.ts';
import { isSolved } from '../../src/solvers/report.ts';
import { type MonotoneProblem, monotoneProblem, norm } from './numbers.ts';

const WIDTHS = [1, 2, 7, 24];
const MARGINS = [1, 0.1, 1e-2, 1e-3];
const TOLERANCES = [1e-1, 1e-3, 1e-5, 1e-7, 1e-12];
const ACTIVATIONS: readonly ActivationOption[] = ['relu', 'tanh', { name: 'softThreshold', threshold: 0.3 }, 'softmax'];

/** Rounding W to float32 reduces the margin with which it was constructed. */
const MARGIN_LEFT = 0.9;

interface Solved {
  readonly z: ArrayLike<number>;
  readonly gradient: ArrayLike<number>;
  readonly bounds: readonly number[];
  readonly backward: readonly number[];
  /** For each sample, whether no unit of σ is too near to a kink to tell its piece. */
  readonly isClear: readonly boolean[];
}

async function solveAndReport(
  engine: Engine,
  { n, batch, W, b, v, margin }: MonotoneProblem,
  activation: ActivationOption,
  tolerance: number,
): Promise<Solved> {
  const tape = new Tape();
  const bias = tape.watch(engine.tensor(b, [batch, n]));
  const solution = monotoneFixedPoint(engine.tensor(W, [n, n]), bias, {
    ...{ activation, margin: margin * MARGIN_LEFT, tolerance, limit: 20000, onFailure: 'report' },
  });
  const [gradient] = tape.pullback(solution.z, [bias], engine.tensor(v, [batch, n]));
  const [z, gradB] = await Promise.all([solution.z.data(), gradient.data()]);
  const report = await solution.report;
  const back = await solution.backwardReports[0];
  const { samples } = back.certificate;
  const result = {
    z,
    gradient: gradB,
    bounds: report.samples.map(({ errorBound }) => errorBound),
    backward: back.samples.map(({ errorBound }) => errorBound),
    isClear: samples.map(
      ({ kinks, unresolved }, sample) => kinks === 0 && unresolved === 0 && isSolved(report.samples[sample]),
    ),
  };
  gradient.dispose();
  solution.dispose();
  return result;
}

/**
 * Solves one problem drawn by the seed. z must be within its bound, and ∂ℓ/∂b too where the pieces are those of the
 * true solution.
 */
export async function checkErrorBounds(engine: Engine, oracle: Engine, seed: number): Promise<void> {
  const draws = random(seed);
  const pick = <One>(from: readonly One[]): One => from[draws.integer(from.length)];
  const [n, margin, tolerance, activation] = [pick(WIDTHS), pick(MARGINS), pick(TOLERANCES), pick(ACTIVATIONS)];
  const problem = monotoneProblem(n, 2, seed, margin, pick([0.3, 1]));
  const own = await solveAndReport(engine, problem, activation, tolerance);
  const truth = await solveAndReport(oracle, problem, activation, 1e-16);
  const what = `seed ${seed}, n ${n}, margin ${margin}, tolerance ${tolerance}, ${JSON.stringify(activation)}`;
  for (let sample = 0; sample < problem.batch; sample++) {
    const part = (x: ArrayLike<number>): number[] => Array.from(x).slice(sample * n, (sample + 1) * n);
    const distance = (x: ArrayLike<number>, y: ArrayLike<number>): number =>
      norm(part(x).map((value, index) => value - part(y)[index]));
    const size = engine.epsilon + norm(part(own.z));
    const known = truth.bounds[sample] * (1 + norm(part(truth.z)));
    expect(distance(own.z, truth.z), what).toBeLessThanOrEqual(own.bounds[sample] * size + known);
    // For a smooth σ the element itself depends on z.
    const isPiecewise = activation === 'relu' || typeof activation === 'object';
    if (!isPiecewise || !own.isClear[sample] || !truth.isClear[sample]) continue;
    const length = norm(part(problem.v));
    const limit = (own.backward[sample] + truth.backward[sample]) * length;
    expect(distance(own.gradient, truth.gradient), what).toBeLessThanOrEqual(limit);
  }
}
