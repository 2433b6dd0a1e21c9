/** A cone program as a layer: its solutions, its gradients through a model, its training on every backend. */
import { afterAll, describe, expect, test } from 'vitest';
import { random } from '../../src/data/random.ts';
import { type ConeLayerOptions, coneLayer } from '../../src/layers/cone.ts';
import { dense } from '../../src/layers/dense.ts';
import { emptyMemory } from '../../src/layers/layer.ts';
import { sequential } from '../../src/layers/sequential.ts';
import { type Cone, readCones } from '../../src/solvers/cones/cone.ts';
import { distancesToCones } from '../../src/solvers/cones/projections/project.ts';
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

const KINDS: Record<string, readonly Cone[]> = {
  nonneg: [{ type: 'nonneg', dim: 6 }],
  'zero and soc': [
    { type: 'zero', dim: 1 },
    { type: 'soc', dim: 3 },
  ],
  psd: [{ type: 'psd', dim: 3 }],
  exp: [{ type: 'exp', dim: 3 }],
  'expdual and pow': [
    { type: 'expdual', dim: 3 },
    { type: 'pow', dim: 3, alpha: 0.3 },
  ],
  powdual: [{ type: 'powdual', dim: 3, alpha: 0.6 }],
};

/** Parameters that differ from the initial ones by noise. */
function parametersOf(layer: ReturnType<typeof coneLayer>, noise: number): number[][] {
  return layer.parameters.map(({ initial }, index) => {
    const start = Array.from(initial(random(3)));
    return normals(start.length, index + 20).map((value, at) => start[at] + noise * value);
  });
}

describe.each(Object.keys(KINDS))('%s', (name) => {
  const cones = KINDS[name];

  test.each([0, 1, 5])('the solution exists and satisfies all constraints, noise %d', async (noise) => {
    const layer = coneLayer({ inputs: INPUTS, outputs: OUTPUTS, cones });
    const tensors = parametersOf(layer, noise).map((values, index) =>
      engine.tensor(values, layer.parameters[index].shape),
    );
    const solves: SolveRecord[] = [];
    const inputs = engine.tensor(normals(5 * INPUTS, 4, 3), [5, INPUTS]);
    const x = layer.forward(inputs, tensors, { solves, memory: emptyMemory() });
    expect(x.shape).toEqual([5, OUTPUTS]);
    await x.data();
    const [solution] = solves as unknown as { s: Tensor; report: Promise<{ samples: { status: string }[] }> }[];
    for (const { status } of (await solution.report).samples) expect(['converged', 'stalled']).toContain(status);
    const s = await solution.s.data();
    const blocks = readCones('cones', cones);
    const rows = s.length / 5;
    for (let sample = 0; sample < 5; sample++) {
      const own = Float64Array.from(s.slice(sample * rows, (sample + 1) * rows));
      for (const distance of distancesToCones(blocks, own)) expect(distance).toBeLessThan(1e-7);
    }
  });

  test('gradients in the input and in all parameters agree with differences', async () => {
    const layer = coneLayer({
      inputs: INPUTS,
      outputs: OUTPUTS,
      cones,
      absoluteTolerance: 1e-12,
      relativeTolerance: 1e-12,
    });
    await gradientChecker(engine)(
      (input: Tensor, ...parameters: Tensor[]) =>
        layer.forward(input, parameters, { solves: [], memory: emptyMemory() }),
      [normals(2 * INPUTS, 5), ...parametersOf(layer, 0.3)],
      [[2, INPUTS], ...layer.parameters.map(({ shape }) => [...shape])],
    );
  });
});

test.each<[Partial<ConeLayerOptions>, string]>([
  [{ inputs: 0 }, 'coneLayer: inputs is 0; it must be a positive integer'],
  [{ outputs: 1.5 }, 'coneLayer: outputs is 1.5'],
  [{ cones: [] }, 'coneLayer: cones is empty'],
  [{ cones: [{ type: 'zero', dim: OUTPUTS }] }, 'coneLayer: cones hold 4 rows of the zero cone'],
  [{ cones: [{ type: 'cube' as 'soc', dim: 3 }] }, 'coneLayer: cones[0].type: it is "cube"'],
  [{ cones: [{ type: 'psd', dim: 33 }] }, 'coneLayer: cones[0].dim: it is 33'],
  [{ cones: [{ type: 'pow', dim: 3 }] }, 'coneLayer: cones[0].alpha'],
  [{ map: 'linear' as 'affine' }, "coneLayer: map is \"linear\"; it must be 'affine' or 'identity'"],
  [{ ridge: 0 }, 'coneLayer: ridge is 0; it must be a finite number > 0'],
  [{ selection: [1, 1] }, 'selection: it holds 2 numbers'],
  [{ solver: 'simplex' as 'auto' }, 'solver: it is "simplex"'],
])('refuses %o', (wrong, message) => {
  const cones: readonly Cone[] = [{ type: 'soc', dim: 3 }];
  expect(() => coneLayer({ inputs: INPUTS, outputs: OUTPUTS, cones, ...wrong })).toThrow(message);
});

const model = (options: Partial<ConeLayerOptions> = {}) =>
  sequential(
    coneLayer({
      inputs: 2,
      outputs: 4,
      cones: [
        { type: 'soc', dim: 4 },
        { type: 'psd', dim: 2 },
      ],
      ...options,
    }),
    dense({ inputs: 4, outputs: 3 }),
  );

async function lossesOn(
  backend: 'cpu' | 'wasm' | 'webgpu' | 'gpujs',
  options: Partial<ConeLayerOptions> = {},
): Promise<readonly number[]> {
  const { engine: opened, close } = engineOn(backend);
  const own = await opened();
  const net = model(options);
  const losses: number[] = [];
  const buffers = new Set<number>();
  await train(own, net, clouds(40), {
    ...{ epochs: 3, batch: 10, seed: 2, optimiser: adam({ rate: 0.03 }) },
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
  expect(losses).toHaveLength(12);
  expect(losses[11]).toBeLessThan(losses[0] / 1.3);
});

test.each([
  ['wasm', 'interior-point'],
  ['webgpu', 'interior-point'],
  ['gpujs', 'interior-point'],
  ['cpu', 'splitting'],
  ['wasm', 'splitting'],
  ['webgpu', 'splitting'],
] as const)('trains on %s by %s as on cpu', { timeout: 90_000 }, async (backend, solver) => {
  const [losses, expected] = [await lossesOn(backend, { solver }), await lossesOn('cpu')];
  for (const [step, loss] of expected.entries()) expect(Math.abs(losses[step] - loss)).toBeLessThan(2e-3);
});

test('is rebuilt from a checkpoint, bit for bit', async () => {
  const net = model({ selection: 0.5 });
  net.initialise(engine, 3);
  const again = modelFrom(loadCheckpoint(await saveCheckpoint(net)), engine, { layers: { coneLayer } });
  expect(again.layers.map(({ options }) => options)).toEqual(net.layers.map(({ options }) => options));
  const { inputs } = clouds(6, 4);
  expect(await again.predict(inputs)).toEqual(await net.predict(inputs));
  again.dispose();
  net.dispose();
});
