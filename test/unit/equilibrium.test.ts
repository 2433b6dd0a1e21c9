/** Deep equilibrium layers: spectral normalisation, the Jacobian penalty, Broyden's method, and training. */
import { afterAll, describe, expect, test } from 'vitest';
import {
  adam,
  dense,
  type Engine,
  equilibrium,
  fixedPoint,
  jacobianPenalty,
  loadCheckpoint,
  modelFrom,
  open,
  saveCheckpoint,
  sequential,
  spectralNormalisation,
  type Tensor,
  train,
  valueAndGrad,
} from '../../src/index.ts';
import { clouds } from '../support/clouds.ts';
import { engineOn } from '../support/engines.ts';
import { normals, relativeError } from '../support/numbers.ts';

let cpu: Promise<Engine> | undefined;
const onCPU = (): Promise<Engine> => {
  cpu ??= open({ backend: 'cpu' });
  return cpu;
};
afterAll(async () => (await cpu)?.close());

/** The gradient of a function of n numbers by central differences. */
async function differences(start: readonly number[], at: (values: readonly number[]) => Promise<number>) {
  const gradient: number[] = [];
  for (const index of start.keys()) {
    const moved = (by: number) => start.map((value, i) => (i === index ? value + by : value));
    gradient.push(((await at(moved(1e-5))) - (await at(moved(-1e-5)))) / 2e-5);
  }
  return gradient;
}

describe('spectralNormalisation', () => {
  test('divides a matrix above the bound by its norm, and leaves one below it alone', async () => {
    const engine = await onCPU();
    const W = engine.tensor([3, 0, 0, 0, 4, 0], [2, 3]);
    const found = await spectralNormalisation(W, { bound: 2, iterations: 60 }).data();
    expect(relativeError(found, [1.5, 0, 0, 0, 2, 0])).toBeLessThan(1e-8);
    expect(Array.from(await spectralNormalisation(W, { bound: 5 }).data())).toEqual([3, 0, 0, 0, 4, 0]);
    expect(Array.from(await spectralNormalisation(engine.tensor([0], [1, 1])).data())).toEqual([0]);
  });

  test('its gradient knows how the norm depends on the matrix', async () => {
    const engine = await onCPU();
    const start = [0.5, -1.2, 0.3, 2, 0.7, -0.4];
    const weights = engine.tensor(normals(6, 3), [2, 3]);
    const lossOf = (W: Tensor): Tensor => spectralNormalisation(W, { iterations: 200 }).mul(weights).sum();
    const [, [gradient]] = await valueAndGrad(lossOf, [engine.tensor(start, [2, 3])]);
    const expected = await differences(
      start,
      async (values) => (await lossOf(engine.tensor(values, [2, 3])).data())[0],
    );
    expect(relativeError(await gradient.data(), expected)).toBeLessThan(1e-7);
  });
});

describe('jacobianPenalty', () => {
  const n = 4;
  const W = normals(n * n, 8);
  const f = (z: Tensor, M: Tensor): Tensor => z.matmul(M).relu();

  test('is ‖∂f/∂z‖²/n on the average over draws', async () => {
    const engine = await onCPU();
    const z = normals(n, 9);
    const active = Array.from({ length: n }, (_, j) => z.reduce((sum, value, i) => sum + value * W[i * n + j], 0) > 0);
    const exact = W.reduce((sum, value, at) => sum + (active[at % n] ? value ** 2 : 0), 0) / n;
    const estimate = await engine.tidy(() =>
      jacobianPenalty(f, engine.tensor(z, [1, n]), [engine.tensor(W, [n, n])], { draws: 400 }).data(),
    );
    expect(Math.abs(estimate[0] / exact - 1)).toBeLessThan(0.1);
  });

  test('its gradient is that of the estimate, also at a small z', async () => {
    const engine = await onCPU();
    const z = engine.tensor(normals(2 * n, 10, 1e-3), [2, n]);
    const lossOf = (M: Tensor): Tensor => jacobianPenalty((x, A) => x.matmul(A).tanh(), z, [M], { seed: 5 });
    const [, [gradient]] = await valueAndGrad(lossOf, [engine.tensor(W, [n, n])]);
    const expected = await differences(W, async (values) => (await lossOf(engine.tensor(values, [n, n])).data())[0]);
    expect(relativeError(await gradient.data(), expected)).toBeLessThan(1e-5);
  });
});

describe.each(['cpu', 'wasm', 'webgpu'] as const)('broyden on %s', (backend) => {
  const { engine, close } = engineOn(backend);
  afterAll(close);

  test('solves where repetition diverges, in fewer steps than the dimension has numbers', async () => {
    const e = await engine();
    const n = 6;
    // z ↦ −1.5·z + coupling: repetition diverges.
    const M = normals(n * n, 4, 0.1).map((value, at) => (at % (n + 1) === 0 ? -1.5 + value : value));
    const b = normals(2 * n, 5);
    const solve = (solver: 'broyden' | 'picard') =>
      fixedPoint((z, A, c) => z.matmul(A).add(c), {
        unknown: e.tensor(new Float64Array(2 * n), [2, n]),
        inputs: [e.tensor(M, [n, n]), e.tensor(b, [2, n])],
        solver,
        tolerance: 1e-5,
        onFailure: 'report',
      });
    const found = solve('broyden');
    for (const { status, iterations } of (await found.solve.report).samples) {
      expect(status).toBe('converged');
      expect(iterations).toBeLessThan(20);
    }
    const z = await found.data();
    const image = Array.from({ length: 2 * n }, (_, at) => {
      const row = Math.floor(at / n);
      return b[at] + Array.from({ length: n }, (_, i) => z[row * n + i] * M[i * n + (at % n)]).reduce((a, c) => a + c);
    });
    expect(relativeError(z, image)).toBeLessThan(1e-4);
    expect((await solve('picard').solve.report).samples[0].status).not.toBe('converged');
  });
});

const parameters = [
  { name: 'W', shape: [4, 4], initial: () => Float32Array.from(normals(16, 1, 1.5)) },
  { name: 'U', shape: [2, 4], initial: () => Float32Array.from(normals(8, 2)) },
];

describe('the layer equilibrium', () => {
  const layerWith = (more: Partial<Parameters<typeof equilibrium>[0]> = {}) =>
    equilibrium({
      inputs: 2,
      width: 4,
      parameters,
      prepare: (x, W, U) => [x.matmul(U), spectralNormalisation(W, { bound: 0.8 })],
      transition: (z, Ux, W) => z.matmul(W).add(Ux).tanh(),
      ...more,
    });

  test('trains, and comes back from a checkpoint', async () => {
    const engine = await onCPU();
    const data = clouds(60);
    const layer = layerWith();
    const model = sequential(layer, dense({ inputs: 4, outputs: 3 }));
    await train(engine, model, data, { epochs: 20, batch: 20, optimiser: adam({ rate: 0.1 }) });
    const { classes } = await model.predict(data.inputs);
    expect(Array.from(classes).filter((one, row) => one === data.labels[row]).length).toBeGreaterThan(54);
    const layers = { equilibrium: () => layer };
    const again = modelFrom(loadCheckpoint(await saveCheckpoint(model)), engine, { layers });
    expect((await again.predict(data.inputs)).classes).toEqual(classes);
  });

  test('the penalty makes the Jacobian smaller, and is part of the loss', async () => {
    const engine = await onCPU();
    const norms: number[] = [];
    const losses: number[] = [];
    for (const penalty of [0, 20]) {
      const model = sequential(
        layerWith({
          jacobianPenalty: penalty,
          prepare: undefined,
          transition: (z, x, W, U) => z.matmul(W.mul(0.2)).add(x.matmul(U)).tanh(),
        }),
        dense({ inputs: 4, outputs: 3 }),
      );
      const { epochs } = await train(engine, model, clouds(30), {
        epochs: 10,
        batch: 30,
        optimiser: adam({ rate: 0.2 }),
      });
      losses.push(epochs[0].loss);
      norms.push(Math.hypot(...(await model.parameters[0].value.data())));
    }
    expect(norms[1]).toBeLessThan(0.9 * norms[0]);
    expect(losses[1]).toBeGreaterThan(losses[0] + 0.1);
  });

  test('where there is no fixed point, reading rejects, or the report says so', async () => {
    const engine = await onCPU();
    const run = async (onFailure: 'throw' | 'report') => {
      const layer = equilibrium({
        inputs: 1,
        width: 1,
        parameters: [],
        transition: (z, x) => z.square().add(x),
        limit: 30,
        onFailure,
      });
      const solves: { report: Promise<{ samples: readonly { status: string }[] }> }[] = [];
      const z = layer.forward(engine.tensor([1], [1, 1]), [], {
        solves,
        memory: { numbers: new Map(), tensors: new Map() },
      } as never);
      await z.data();
      return (await solves[0].report).samples[0].status;
    };
    await expect(run('throw')).rejects.toThrow('did not converge');
    expect(await run('report')).not.toBe('converged');
  });

  test.each([
    [{ width: 0 }, 'equilibrium: width is 0'],
    [{ parameters: [{ name: 'W' }] as never }, 'equilibrium: parameters is'],
    [{ parameters: [...parameters, parameters[0]] }, 'equilibrium: parameters: two are called W'],
    [{ transition: 3 as never }, 'equilibrium: transition is 3; it must be a function'],
    [{ jacobianPenalty: -1 }, 'equilibrium: jacobianPenalty is -1'],
    [{ kind: '' }, 'equilibrium: kind is ""; it must be a text'],
    [{ solver: 'newton' as 'picard' }, 'solver: it is "newton"; it must be one of'],
  ])('refuses %o', (wrong, message) => {
    expect(() => layerWith(wrong)).toThrow(message);
  });
});
