/** A quadratic program as a layer: its solutions, its gradients through a model, its training on every backend. */
import { afterAll, describe, expect, test } from 'vitest';
import { random } from '../../src/data/random.ts';
import { ConvergenceError } from '../../src/index.ts';
import { dense } from '../../src/layers/dense.ts';
import { emptyMemory } from '../../src/layers/layer.ts';
import { monotone } from '../../src/layers/monotone.ts';
import { type QuadraticLayerOptions, quadraticLayer } from '../../src/layers/quadratic.ts';
import { sequential } from '../../src/layers/sequential.ts';
import type { SolveRecord } from '../../src/solvers/report.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { adam } from '../../src/train/adam.ts';
import { modelFrom, saveCheckpoint } from '../../src/train/checkpoint/checkpoint.ts';
import { loadCheckpoint } from '../../src/train/checkpoint/load.ts';
import { train } from '../../src/train/train.ts';
import { clouds } from '../support/clouds.ts';
import { createOracle, engineOn } from '../support/engines.ts';
import { gradientChecker } from '../support/gradients.ts';
import { normals } from '../support/numbers.ts';

const engine = createOracle();
afterAll(() => engine.close());

const [INPUTS, OUTPUTS] = [3, 4];

/** Runs the layer from parameters that differ from its initial ones by noise. */
async function forward(options: Partial<QuadraticLayerOptions>, noise = 0, batch = 5) {
  const layer = quadraticLayer({ inputs: INPUTS, outputs: OUTPUTS, ...options });
  const values = Object.fromEntries(
    layer.parameters.map(({ name, shape, initial }, index) => {
      const start = initial(random(3));
      const moved = normals(start.length, index + 20).map((value, at) => start[at] + noise * value);
      return [name, { moved, shape }];
    }),
  );
  const tensors = Object.values(values).map(({ moved, shape }) => engine.tensor(moved, shape));
  const inputs = normals(batch * layer.inputs, 4, 3);
  const solves: SolveRecord[] = [];
  const x = layer.forward(engine.tensor(inputs, [batch, layer.inputs]), tensors, { solves, memory: emptyMemory() });
  expect(x.shape).toEqual([batch, OUTPUTS]);
  const numbers = Array.from(await x.data());
  const rows = Array.from({ length: batch }, (_, row) => numbers.slice(row * OUTPUTS, (row + 1) * OUTPUTS));
  return { layer, rows, inputs, values, solves };
}

test('without constraints the solution is −q/(1 + ε) at the start', async () => {
  const { rows, inputs } = await forward({ inputs: OUTPUTS, map: 'identity', ridge: 0.25 });
  for (const [at, value] of rows.flat().entries()) expect(value).toBeCloseTo(-inputs[at] / 1.25, 7);
});

const KINDS: Record<string, Partial<QuadraticLayerOptions>> = {
  'no constraints': {},
  inequalities: { inequalities: 6 },
  equalities: { equalities: 2 },
  bounds: { lower: -0.3, upper: [null, 0.2, 0.4, 0.1] },
  'a fixed output': { lower: [0.5, null, null, null], upper: [0.5, null, null, null] },
  'all of them': { inequalities: 5, equalities: 1, lower: [-0.5, null, -1, -0.5], upper: [0.7, 0.6, null, 0.5] },
  'the input as q': { inputs: OUTPUTS, map: 'identity', inequalities: 5 },
};

describe.each(Object.keys(KINDS))('%s', (name) => {
  test.each([0, 1, 5])('the solution exists and satisfies all constraints, noise %d', async (noise) => {
    const { rows, values, solves } = await forward(KINDS[name], noise);
    const [report] = await Promise.all(solves.map((solve) => solve.report));
    for (const { status } of report.samples) expect(['converged', 'stalled']).toContain(status);
    const sides = (['lower', 'upper'] as const).map((side) => {
      const given = KINDS[name][side] ?? null;
      return Array.isArray(given) ? given : new Array<number | null>(OUTPUTS).fill(given as number | null);
    });
    for (const x of rows) {
      for (const [i, value] of x.entries()) {
        expect(value).toBeGreaterThanOrEqual((sides[0][i] ?? Number.NEGATIVE_INFINITY) - 1e-7);
        expect(value).toBeLessThanOrEqual((sides[1][i] ?? Number.POSITIVE_INFINITY) + 1e-7);
      }
    }
    if (!values.A) return;
    // Ax is the same for all inputs.
    const { moved } = values.A;
    const image = (x: readonly number[], row: number): number =>
      x.reduce((sum, value, i) => sum + moved[row * OUTPUTS + i] * value, 0);
    for (const x of rows) expect(image(x, 0)).toBeCloseTo(image(rows[0], 0), 6);
  });

  test('gradients in the input and in all parameters agree with differences', async () => {
    const layer = quadraticLayer({
      inputs: INPUTS,
      outputs: OUTPUTS,
      ...KINDS[name],
      absoluteTolerance: 1e-12,
      relativeTolerance: 1e-12,
    });
    const values = layer.parameters.map(({ initial }, index) => {
      const start = Array.from(initial(random(3)));
      return normals(start.length, index + 20).map((value, at) => start[at] + 0.3 * value);
    });
    await gradientChecker(engine)(
      (input: Tensor, ...parameters: Tensor[]) =>
        layer.forward(input, parameters, { solves: [], memory: emptyMemory() }),
      [normals(2 * layer.inputs, 5), ...values],
      [[2, layer.inputs], ...layer.parameters.map(({ shape }) => [...shape])],
    );
  });
});

test.each<[Partial<QuadraticLayerOptions>, string]>([
  [{ inputs: 0 }, 'quadraticLayer: inputs is 0; it must be a positive integer'],
  [{ outputs: 1.5 }, 'quadraticLayer: outputs is 1.5'],
  [{ inequalities: -1 }, 'quadraticLayer: inequalities is -1; it must be an integer of at least 0'],
  [{ equalities: OUTPUTS }, 'quadraticLayer: equalities is 4; it must be an integer from 0 to 3'],
  [{ map: 'linear' as 'affine' }, "quadraticLayer: map is \"linear\"; it must be 'affine' or 'identity'"],
  [{ map: 'identity' }, "quadraticLayer: inputs is 3 and outputs is 4; with map 'identity' they must be equal"],
  [{ ridge: 0 }, 'quadraticLayer: ridge is 0; it must be a finite number > 0'],
  [{ lower: [1, 2] }, 'quadraticLayer: lower holds 2 numbers; it must hold 4, one for each output'],
  [{ lower: 1, upper: 0 }, 'quadraticLayer: lower is 1 and upper is 0 for output 0; lower must be at most upper'],
  [{ upper: [1, 1, Number.NaN, 1] }, 'quadraticLayer: upper[2] is NaN; it must be a finite number, null'],
  [{ selection: 2 }, 'selection: it is 2'],
  [{ selection: [1, 1], inequalities: 3 }, 'selection: it holds 2 numbers'],
  [{ limit: 0 }, 'limit'],
  [{ solver: 'simplex' as 'auto' }, 'solver: it is "simplex"'],
])('refuses %o', (wrong, message) => {
  expect(() => quadraticLayer({ inputs: INPUTS, outputs: OUTPUTS, ...wrong })).toThrow(message);
});

const model = (options: Partial<QuadraticLayerOptions> = {}) =>
  sequential(
    monotone({ inputs: 2, width: 5 }),
    quadraticLayer({ inputs: 5, outputs: 4, inequalities: 3, equalities: 1, lower: -2, upper: 2, ...options }),
    dense({ inputs: 4, outputs: 3 }),
  );

const SETTINGS = { epochs: 3, batch: 10, seed: 2 };

async function lossesOn(
  backend: 'cpu' | 'wasm' | 'webgpu' | 'gpujs',
  options: Partial<QuadraticLayerOptions> = {},
): Promise<readonly number[]> {
  const { engine: opened, close } = engineOn(backend);
  const own = await opened();
  const net = model(options);
  const losses: number[] = [];
  const buffers = new Set<number>();
  await train(own, net, clouds(60), {
    ...SETTINGS,
    optimiser: adam({ rate: 0.03 }),
    onProgress: (progress) => {
      if (progress.kind === 'step') losses.push(progress.loss);
      else if (progress.epoch > 1) buffers.add(own.memory().buffers);
    },
  });
  expect(buffers.size).toBe(1);
  net.dispose();
  await own.idle();
  await close();
  return losses;
}

test('trains', async () => {
  const losses = await lossesOn('cpu');
  expect(losses).toHaveLength(18);
  expect(losses[17]).toBeLessThan(losses[0] / 2);
});

test.each(['wasm', 'webgpu', 'gpujs'] as const)('trains on %s as on cpu', { timeout: 60_000 }, async (backend) => {
  const [losses, expected] = [await lossesOn(backend), await lossesOn('cpu')];
  for (const [step, loss] of expected.entries()) expect(Math.abs(losses[step] - loss)).toBeLessThan(1e-3);
});

test.each(['cpu', 'wasm', 'webgpu', 'gpujs'] as const)(
  'trains by splitting on %s',
  { timeout: 60_000 },
  async (backend) => {
    const [losses, expected] = [await lossesOn(backend, { solver: 'splitting' }), await lossesOn('cpu')];
    for (const [step, loss] of expected.entries()) expect(Math.abs(losses[step] - loss)).toBeLessThan(1e-3);
  },
);

test.each(['cpu', 'webgpu'] as const)('a step that fails leaves no trace on %s', async (backend) => {
  const { engine: opened, close } = engineOn(backend);
  const own = await opened();
  // So many rows are active that one iteration is not enough.
  const net = model({ limit: 1, inequalities: 8, lower: -0.05, upper: 0.05 });
  net.initialise(own, 3);
  const read = () => Promise.all(net.parameters.map(async ({ value }) => Array.from(await value.data())));
  const before = await read();
  await expect(train(own, net, clouds(60), SETTINGS)).rejects.toThrow(ConvergenceError);
  expect(await read()).toEqual(before);
  net.dispose();
  await close();
});

test('is rebuilt from a checkpoint, bit for bit', async () => {
  const net = model({ selection: 0.5 });
  net.initialise(engine, 3);
  const again = modelFrom(loadCheckpoint(await saveCheckpoint(net)), engine, { layers: { quadraticLayer } });
  expect(again.layers.map(({ options }) => options)).toEqual(net.layers.map(({ options }) => options));
  const { inputs } = clouds(6, 4);
  expect(await again.predict(inputs)).toEqual(await net.predict(inputs));
  again.dispose();
  net.dispose();
});

test('the solve of a layer can be aborted', async () => {
  const net = model();
  net.initialise(engine, 3);
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(net.predict(clouds(6).inputs, { signal })).rejects.toThrow('enough');
  net.dispose();
});
