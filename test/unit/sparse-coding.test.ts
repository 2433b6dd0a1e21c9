/** A Lasso as a layer: its codes, its gradients through a model, its training, and a resumed run. */
import { afterAll, describe, expect, test } from 'vitest';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { random } from '../../src/data/random.ts';
import type { Samples } from '../../src/data/samples.ts';
import { dense } from '../../src/layers/dense.ts';
import { emptyMemory } from '../../src/layers/layer.ts';
import { sequential } from '../../src/layers/sequential.ts';
import { type SparseCodingOptions, sparseCoding } from '../../src/layers/sparse-coding.ts';
import type { SolveRecord } from '../../src/solvers/report.ts';
import { Engine } from '../../src/tensor/engine.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { adam } from '../../src/train/adam.ts';
import { modelFrom, saveCheckpoint } from '../../src/train/checkpoint/checkpoint.ts';
import { loadCheckpoint } from '../../src/train/checkpoint/load.ts';
import { train } from '../../src/train/train.ts';
import { coordinateDescent } from '../support/coordinate-descent.ts';
import { gradientChecker } from '../support/gradients.ts';
import { norm, normals, relativeError } from '../support/numbers.ts';

const engine = new Engine(openCPU());
afterAll(() => engine.close());

const [INPUTS, FEATURES] = [4, 9];

describe('sparseCoding', () => {
  test('gives the Lasso solution of each row in its dictionary', async () => {
    const layer = sparseCoding({ inputs: INPUTS, features: FEATURES, logLambda: -1, ridge: 0.05 });
    const [dictionary, penalty] = layer.parameters.map((parameter) => parameter.initial(random(3)));
    const x = normals(3 * INPUTS, 4);
    const solves: SolveRecord[] = [];
    const beta = layer.forward(
      engine.tensor(x, [3, INPUTS]),
      [engine.tensor(dictionary, [INPUTS, FEATURES]), engine.tensor(penalty)],
      { solves, memory: emptyMemory() },
    );
    const found = await beta.data();
    expect(beta.shape).toEqual([3, FEATURES]);
    expect(Array.from(found).filter((value) => value === 0).length).toBeGreaterThan(9);
    for (let row = 0; row < 3; row++) {
      const y = x.slice(row * INPUTS, (row + 1) * INPUTS);
      const problem = { X: dictionary, y, features: FEATURES, logLambda: -1, ridge: 0.05 };
      const expected = coordinateDescent(problem).beta;
      expect(relativeError(found.slice(row * FEATURES, (row + 1) * FEATURES), expected)).toBeLessThan(1e-8);
    }
    const reports = await Promise.all(solves.map(({ report }) => report));
    expect(reports.map(({ samples }) => samples.length)).toEqual([3]);
  });

  test('starts from columns of norm 1 and the given λ', () => {
    const [X, logLambda] = sparseCoding({ inputs: INPUTS, features: FEATURES }).parameters;
    const columns = X.initial(random(1));
    for (let column = 0; column < FEATURES; column++) {
      expect(norm(columns.filter((_, at) => at % FEATURES === column))).toBeCloseTo(1, 6);
    }
    expect(logLambda.initial(random(1))[0]).toBeCloseTo(Math.log(0.1), 6);
  });

  test.each<[Partial<SparseCodingOptions>, string]>([
    [{ inputs: 0 }, 'sparseCoding: inputs is 0; it must be a positive integer'],
    [{ features: 1.5 }, 'sparseCoding: features is 1.5'],
    [{ logLambda: Number.NaN }, 'sparseCoding: logLambda is NaN; it must be a finite number'],
    [{ ridge: -1 }, 'sparseCoding: ridge is -1; it must be a finite number of at least 0'],
    [{ selection: 2 }, "selection: it is 2; it must be 'weak', 'lars', or numbers from 0 to 1"],
    [{ tolerance: 0 }, 'tolerance: it is 0; it must be a finite number > 0'],
    [{ solver: 'newton' as 'fista' }, 'solver: it is "newton"; it must be one of'],
  ])('refuses %o', (wrong, message) => {
    expect(() => sparseCoding({ inputs: INPUTS, features: FEATURES, ...wrong })).toThrow(message);
  });
});

/**
 * Each row mixes one of three pairs of directions, which is its class: sparse in the right dictionary, but not
 * separable by lines.
 */
function mixtures(count: number, seed: number): Samples {
  const generator = random(seed);
  const directions = normals(6 * INPUTS, 77);
  const labels = Int32Array.from({ length: count }, (_, row) => row % 3);
  const inputs = new Float32Array(INPUTS * count);
  labels.forEach((label, row) => {
    const weights = [generator.normal(), generator.normal()];
    for (let input = 0; input < INPUTS; input++) {
      const [first, second] = [0, 1].map((each) => directions[(2 * label + each) * INPUTS + input]);
      inputs[row * INPUTS + input] = weights[0] * first + weights[1] * second + 0.05 * generator.normal();
    }
  });
  return { inputs, labels, count, features: INPUTS };
}

const model = () =>
  sequential(
    sparseCoding({ inputs: INPUTS, features: FEATURES, logLambda: -1, selection: 'lars' }),
    dense({ inputs: FEATURES, outputs: 12, activation: 'elu' }),
    dense({ inputs: 12, outputs: 3 }),
  );

describe('in a model', () => {
  test('gradients with respect to the input, the dictionary and log λ agree with differences', async () => {
    const net = model();
    net.initialise(engine, 5);
    const values = await Promise.all(net.parameters.map(async ({ value }) => Array.from(await value.data())));
    const shapes = net.parameters.map(({ value }) => [...value.shape]);
    const x = normals(3 * INPUTS, 8, 2);
    await gradientChecker(engine)(
      (input: Tensor, ...parameters: Tensor[]) => net.forward(input, { values: parameters }),
      [x, ...values],
      [[3, INPUTS], ...shapes],
    );
    net.dispose();
  });

  test('the loss falls, λ and the dictionary are learnt, and steps leak nothing', async () => {
    const net = model();
    const memory: number[] = [];
    const { epochs } = await train(engine, net, mixtures(150, 1), {
      epochs: 25,
      batch: 30,
      seed: 2,
      optimiser: adam({ rate: 0.02 }),
      onProgress: ({ kind }) => void (kind === 'epoch' && memory.push(engine.memory().buffers)),
    });
    const [first, last] = [epochs[0], epochs[epochs.length - 1]];
    expect(last.loss).toBeLessThan(first.loss / 3);
    expect(last.iterationsForward).toBeGreaterThan(1);
    expect(last.iterationsBackward).toBeGreaterThan(1);
    expect(new Set(memory.slice(1)).size).toBe(1);
    const [logLambda] = await net.parameters[1].value.data();
    expect(Math.abs(logLambda + 1)).toBeGreaterThan(0.01);
    net.dispose();
  });

  test('is rebuilt from a checkpoint', async () => {
    const net = model();
    net.initialise(engine, 3);
    const again = modelFrom(loadCheckpoint(await saveCheckpoint(net)), engine, { layers: { sparseCoding } });
    expect(again.layers.map(({ options }) => options)).toEqual(net.layers.map(({ options }) => options));
    const { inputs } = mixtures(6, 4);
    expect(await again.predict(inputs)).toEqual(await net.predict(inputs));
    again.dispose();
    net.dispose();
  });
});
