/**
 * Theorem 3 of Bolte, Le, Pauwels & Silveti-Falls (2021) on a problem whose minimisers lie at kinks: two coupled relu
 * units, z = relu(Wz + Ux + c) with W = B − Bᵀ, are fitted to four labels by mean absolute error. Where a prediction is
 * exact or a unit switches, the objective has a kink, and no gradient near a minimiser is small.
 */
import { describe, expect, test } from 'vitest';
import { valueAndGrad } from '../../src/autodiff/gradient.ts';
import { openCPU } from '../../src/backends/cpu/index.ts';
import type { Samples } from '../../src/data/samples.ts';
import { monotoneFixedPoint } from '../../src/implicit/monotone.ts';
import { monotoneMatrix } from '../../src/implicit/parametrisation.ts';
import { type Layer, uniformParameter } from '../../src/layers/layer.ts';
import { sequential } from '../../src/layers/sequential.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { affine } from '../../src/tensor/operations.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { oneHot } from '../../src/train/losses.ts';
import type { Optimiser } from '../../src/train/optimiser.ts';
import { stochasticGradient } from '../../src/train/stochastic-gradient.ts';
import { train } from '../../src/train/train.ts';
import { distanceToCritical, leastNorm } from '../support/criticality.ts';
import { norm } from '../support/numbers.ts';

const SAMPLES: Samples = {
  inputs: Float32Array.from([-2, -1, 1, 2]),
  labels: Int32Array.from([0, 0, 1, 1]),
  count: 4,
  features: 1,
};
const SHAPES = [[2, 2], [2, 1], [2]];

/** Eight parameters. At the start both units are active for the inputs near 0. */
const coupled: Layer = {
  kind: 'coupled',
  inputs: 1,
  outputs: 2,
  parameters: [
    uniformParameter('B', SHAPES[0], 2),
    uniformParameter('U', SHAPES[1], 1),
    {
      name: 'c',
      shape: SHAPES[2],
      initial: (generator) => Float32Array.from({ length: 2 }, () => 0.5 + 0.5 * generator.uniform()),
    },
  ],
  forward(x, [B, U, c], pass) {
    const W = monotoneMatrix(B.mul(0), B, (x.context as Engine).scalar(1));
    const solution = monotoneFixedPoint(W, affine(x, U, c), {
      activation: 'relu',
      margin: 1,
      tolerance: 1e-7,
      checkInputs: false,
    });
    pass.solves.push(solution);
    return solution.z;
  },
};

function absoluteError(outputs: Tensor, targets: Tensor): Tensor {
  return outputs
    .sub(targets)
    .abs()
    .sum()
    .mul(1 / outputs.shape[0]);
}

const EPOCHS = 750;
const RADIUS = 0.05;

interface End {
  /** The distance of 0 to the hull of gradients within RADIUS of the last point. */
  readonly distance: number;
  readonly smallestGradient: number;
  /** The largest minus the smallest objective over the last tenth of the run. */
  readonly unrest: number;
  /** Like `distance`, at the first point. */
  readonly distanceAtStart: number;
}

/** Runs 3000 steps of one sample each, and measures where they end. */
async function run(optimiser: Optimiser, seed: number): Promise<End> {
  const engine = new Engine(openCPU());
  const model = sequential(coupled);
  model.initialise(engine, seed);
  const x = engine.tensor(SAMPLES.inputs, [4, 1]);
  const targets = engine.tensor(oneHot(SAMPLES.labels, 2), [4, 2]);
  const objectiveAt = async (values: readonly Tensor[]): Promise<[number, number[]]> => {
    const [value, gradients] = await valueAndGrad(
      (...parameters) => absoluteError(model.forward(x, { values: parameters }), targets),
      values,
    );
    const numbers = await Promise.all(gradients.map((gradient) => gradient.data()));
    for (const gradient of gradients) gradient.dispose();
    return [value, numbers.flatMap((data) => Array.from(data))];
  };
  const current = (): Tensor[] => model.parameters.map(({ value }) => value);
  const distance = async (): ReturnType<typeof distanceToCritical> => {
    const centre = (await Promise.all(current().map((value) => value.data()))).flatMap((data) => Array.from(data));
    const gradientAt = async (point: number[]): Promise<number[]> => {
      const parts = [point.slice(0, 4), point.slice(4, 6), point.slice(6)];
      const values = parts.map((part, index) => engine.tensor(part, SHAPES[index]));
      const [, gradient] = await objectiveAt(values);
      for (const value of values) value.dispose();
      return gradient;
    };
    return distanceToCritical(gradientAt, centre, { radius: RADIUS, points: 60, seed });
  };
  const atStart = await distance();
  const objective: number[] = [];
  await train(engine, model, SAMPLES, {
    epochs: EPOCHS,
    batch: 1,
    seed,
    loss: absoluteError,
    optimiser,
    async onProgress({ kind, epoch }) {
      if (kind === 'epoch' && epoch > 0.9 * EPOCHS) objective.push((await objectiveAt(current()))[0]);
    },
  });
  const unrest = Math.max(...objective) - Math.min(...objective);
  return { ...(await distance()), unrest, distanceAtStart: atStart.distance };
}

const DISTANCE = 0.04;
const UNREST = 0.015;
/** 60000 steps take a minute, and several minutes beside other work. */
const TIMEOUT = 600_000;

describe('stochasticGradient({ theorem3: true })', () => {
  test(
    `from 20 seeds the objective settles within ${UNREST}, at a point critical to ${DISTANCE}`,
    async () => {
      const starts: number[] = [];
      for (let seed = 0; seed < 20; seed++) {
        const end = await run(stochasticGradient({ theorem3: true, rate: 0.6, power: 0.75, seed }), seed);
        expect(end.distance).toBeLessThan(DISTANCE);
        expect(end.unrest).toBeLessThan(UNREST);
        // It is a kink: no gradient around it is small.
        expect(end.smallestGradient).toBeGreaterThan(0.1);
        starts.push(end.distanceAtStart);
      }
      // The measure distinguishes such points from others.
      expect(Math.min(...starts)).toBeGreaterThan(10 * DISTANCE);
    },
    TIMEOUT,
  );

  test('outside the theorem, a constant step size does not settle', async () => {
    for (let seed = 0; seed < 3; seed++) {
      const { unrest } = await run(stochasticGradient({ rate: 0.3 }), seed);
      expect(unrest).toBeGreaterThan(3 * UNREST);
    }
  });
});

describe('the measure', () => {
  test('the least norm in a hull', () => {
    const close = (found: number[], wanted: number[]): void =>
      expect(norm(found.map((x, i) => x - wanted[i]))).toBeLessThan(1e-4);
    close(leastNorm([[3, 4]]), [3, 4]);
    close(
      leastNorm([
        [1, 2],
        [1, -1],
      ]),
      [1, 0],
    );
    close(
      leastNorm([
        [1, 0],
        [0, 1],
        [2, 2],
      ]),
      [0.5, 0.5],
    );
    close(
      leastNorm([
        [1, 1],
        [-1, 1],
        [0, -1],
      ]),
      [0, 0],
    );
  });

  test('|x| + y² is critical at 0 alone', async () => {
    const gradientAt = async ([x, y]: number[]): Promise<number[]> => [Math.sign(x), 2 * y];
    const options = { radius: 0.1, points: 50, seed: 1 };
    expect((await distanceToCritical(gradientAt, [0, 0], options)).distance).toBeLessThan(1e-4);
    expect((await distanceToCritical(gradientAt, [0.2, 0], options)).distance).toBeGreaterThan(0.99);
    expect((await distanceToCritical(gradientAt, [0, 1], options)).distance).toBeGreaterThan(1.8);
  });
});
