/**
 * Loops of `pass` calls have the same results as the loops of other kernels that they replace, in the arithmetic of the
 * reference.
 */
import { describe, expect, test } from 'vitest';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { STATE_ROWS, STATE_SIZE, STATUS } from '../../src/backends/kernels.ts';
import { ACTIVATION_KERNELS, type ElementwiseActivation } from '../../src/solvers/activations.ts';
import type { Equation } from '../../src/solvers/equation.ts';
import { forwardBackward } from '../../src/solvers/forward-backward.ts';
import { type Iteration, runPlain } from '../../src/solvers/iteration.ts';
import { diagonalJacobian, proximalMapOfJacobian } from '../../src/solvers/jacobian.ts';
import { transposeMap, transposeResolvent } from '../../src/solvers/linear-map.ts';
import { tracedMatrix } from '../../src/solvers/maps/matrix.ts';
import { proximalMapOf } from '../../src/solvers/nonlinearity.ts';
import { peacemanRachford } from '../../src/solvers/peaceman-rachford.ts';
import { picard } from '../../src/solvers/picard.ts';
import { resolventOf } from '../../src/solvers/resolvent.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { reduceRows } from '../../src/tensor/kernels.ts';
import { randomNumbers, randomValues } from '../parity/cases/parity.ts';

interface Choice {
  readonly iteration: Iteration;
  readonly activation: ElementwiseActivation;
  readonly sloped: boolean;
  readonly transposed: boolean;
  readonly limit: number;
  /** Iterations that each sample may make. */
  readonly remaining: number;
  readonly giveUp: boolean;
}

const [batch, n] = [7, 10];
/** A sample whose tolerance is −1: it gives up or reaches the limit, since no residual counts as rounding. */
const HOPELESS = 4;

/** x, the state and the solution; computed by `pass` calls up to `largestPass`. */
async function runToEnd(largestPass: number, choice: Choice): Promise<(Float32Array | Float64Array)[]> {
  const { iteration, activation, sloped, transposed, limit, remaining, giveUp } = choice;
  const engine = new Engine({ ...openCPU(), largestPass });
  const random = randomNumbers(limit);
  const state = new Float32Array(STATE_SIZE * batch);
  for (let sample = 0; sample < batch; sample++) {
    state[STATE_ROWS.best * batch + sample] = 1e30;
    state[STATE_ROWS.remaining * batch + sample] = remaining;
  }
  state[2] = STATUS.stalled;
  const tensor = (values: ArrayLike<number>, ...shape: number[]) => engine.tensor(values, shape);
  const inputs = [
    tensor(randomValues(n * n, random, 0.15), n, n), // contracts
    tensor(randomValues(batch * n, random), batch, n), // b
    tensor(randomValues(batch * n, random), batch, n), // the start
    tensor(
      Float32Array.from({ length: batch * n }, () => Math.max(random(), 0)),
      batch,
      n,
    ), // the slope
    tensor([1e-3, 1e-2, 1e-3, 1e-9, -1, 1e-5, 1e-1], batch),
    tensor(state, STATE_SIZE, batch),
    tensor([0.8], 1), // α
  ];
  const results = engine.run(`passes ${largestPass}`, inputs, ([W, b, z, slope, tolerance, initial, step], tracing) => {
    const sigma = sloped
      ? proximalMapOfJacobian(diagonalJacobian(slope, false), (x) => reduceRows('norm', [x]))
      : proximalMapOf({ name: activation, parameters: activation === 'clip' ? [-0.3, 0.4] : [0.3, 0] });
    const norms = { bound: step, estimate: step, floor: tracing.constant({ kind: 'fill', value: -1 }, [1]) };
    const direct = tracedMatrix(W, tracing);
    // The inverse may be any matrix here.
    const kept = resolventOf(direct, { margin: step, norms, step, tolerance, kept: [W] });
    const resolvent = transposed ? transposeResolvent(kept) : kept;
    const map = transposed ? transposeMap(direct) : direct;
    const equation: Equation = { map, b, sigma, margin: step, norms, step, resolvent };
    const begun = iteration.begin(tracing, equation, z, b);
    const end = runPlain(tracing, begun, { tolerance, floor: norms.floor, limit, giveUp }, initial);
    return [end.x, end.state];
  });
  const values = await Promise.all(results.map((result) => result.data()));
  engine.close();
  return values;
}

async function compare(choice: Choice): Promise<Float32Array | Float64Array> {
  const expected = await runToEnd(0, choice);
  const found = await runToEnd(Number.POSITIVE_INFINITY, choice);
  for (const [part, values] of expected.entries()) {
    for (const [index, value] of values.entries()) {
      // The iteration at which it stalls depends on rounding.
      const isRounding = part === 1 && index >= batch && index % batch === HOPELESS;
      if (!isRounding) expect(found[part][index]).toBeCloseTo(value, 10);
    }
  }
  return found[1];
}

/** The iterations of each sample. @param remaining the iterations that each could make */
function iterationsOf(state: ArrayLike<number>, remaining: number): number[] {
  return Array.from({ length: batch }, (_, sample) => remaining - state[STATE_ROWS.remaining * batch + sample]);
}

describe.each([picard, forwardBackward, peacemanRachford])('passes of $name', (iteration) => {
  const usual: Choice = {
    iteration,
    activation: 'tanh',
    sloped: false,
    transposed: false,
    limit: 200,
    remaining: 1000,
    giveUp: true,
  };

  test('with every activation', async () => {
    for (const activation of Object.keys(ACTIVATION_KERNELS) as ElementwiseActivation[])
      await compare({ ...usual, activation });
  });

  test('with a slope in place of the activation', async () => {
    for (const transposed of [false, true]) await compare({ ...usual, sloped: true, transposed });
  });

  test('with the other orientation', () => compare({ ...usual, transposed: true }));

  test('stop at the limit, odd or even', async () => {
    for (const limit of [1, 2, 3, 6]) {
      const state = await compare({ ...usual, limit });
      expect(Math.max(...iterationsOf(state, usual.remaining))).toBe(limit);
    }
  });

  test('stop a sample for which no iterations remain', async () => {
    for (const remaining of [1, 2, 5]) {
      const state = await compare({ ...usual, remaining, giveUp: false });
      expect(state[HOPELESS]).toBe(STATUS.exhausted);
      expect(Math.max(...iterationsOf(state, remaining))).toBe(remaining);
    }
  });

  test('give up a sample that makes no progress, or continue', async () => {
    expect((await compare(usual))[HOPELESS]).toBe(STATUS.gaveUp);
    expect((await compare({ ...usual, giveUp: false }))[HOPELESS]).toBe(STATUS.running);
  });

  test('stop each sample by itself', async () => {
    const state = await compare(usual);
    const iterations = iterationsOf(state, usual.remaining);
    expect(iterations[2]).toBe(0);
    expect(new Set(iterations).size).toBeGreaterThan(2);
  });
});
