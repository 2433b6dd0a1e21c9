/** z = φ(Az + b) with ‖A‖∞ or λ_pf(|A|) below 1: its verdicts, its bounds, and its layer in training. */
import { afterAll, describe, expect, test } from 'vitest';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { runUninterrupted } from '../../src/backends/event-loop.ts';
import { random } from '../../src/data/random.ts';
import { examineMatrix } from '../../src/implicit/well-posed/examine.ts';
import { findPerronBound } from '../../src/implicit/well-posed/perron.ts';
import {
  adam,
  contractive,
  contractiveFixedPoint,
  contractiveMatrix,
  dense,
  fixedPoint,
  loadCheckpoint,
  modelFrom,
  residual,
  saveCheckpoint,
  sequential,
  stochasticGradient,
  train,
  valueAndGrad,
} from '../../src/index.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { clouds } from '../support/clouds.ts';
import { normals, relativeError } from '../support/numbers.ts';

const engine = new Engine(openCPU());
afterAll(() => engine.close());

/** ‖A‖∞ */
const normOf = (A: ArrayLike<number>, n: number): number =>
  Math.max(
    ...Array.from({ length: A.length / n }, (_, i) =>
      Array.from(A)
        .slice(i * n, (i + 1) * n)
        .reduce((sum, value) => sum + Math.abs(value), 0),
    ),
  );

describe('the bound of λ_pf(|A|)', () => {
  const boundOf = (A: readonly number[], n: number) => runUninterrupted(findPerronBound(A, n));

  test('is below 1 without cycles, and for blocks that share a value', () => {
    expect(boundOf([0, 7, -9, 0, 0, 5, 0, 0, 0], 3).bound).toBeLessThan(1);
    expect(boundOf([0], 1).bound).toBe(0);
    for (const coupling of [3, 1e3, 1e6]) expect(boundOf([0.5, coupling, 0, 0.5], 2).bound).toBeLessThan(1);
  });

  test('is never below λ_pf, and shows it of random matrices that are scaled to 0.99', () => {
    const generator = random(11);
    for (let trial = 0; trial < 60; trial++) {
      const n = 2 + (trial % 7);
      const raw = Array.from({ length: n * n }, () =>
        generator.uniform() < 0.4 ? 0 : 10 ** (3 * generator.uniform()),
      );
      const spectral = spectralRadius(raw, n);
      if (spectral < 1e-6) continue;
      for (const target of [0.99, 1.01]) {
        const A = raw.map((value) => (target / spectral) * value * (generator.uniform() < 0.5 ? -1 : 1));
        const { bound, vector } = boundOf(A, n);
        expect(bound).toBeGreaterThan(target * (1 - 1e-5));
        expect(bound < 1).toBe(target < 1);
        for (const value of vector) expect(value).toBeGreaterThan(0);
      }
    }
  });

  test('a monotone I − A helps where the activation is monotone too', () => {
    const skew = [0, 3, -3, 0];
    const verdict = (isMonotone: boolean) => runUninterrupted(examineMatrix(skew, 2, isMonotone));
    expect(verdict(true)).toMatchObject({ status: 'certified', argument: 'margin' });
    expect(verdict(false)).toMatchObject({ status: 'unknown' });
    expect(runUninterrupted(examineMatrix([Number.NaN], 1, true)).reason).toContain('not finite');
  });
});

/** λ_pf by ‖Mᵏ‖^{1/k} with k = 2¹⁰, scaled as it goes. */
function spectralRadius(M: readonly number[], n: number): number {
  let power = [...M];
  let logarithm = 0;
  for (let squaring = 0; squaring < 20; squaring++) {
    const size = Math.max(...power);
    if (size === 0) return 0;
    power = power.map((value) => value / size);
    logarithm = 2 * (logarithm + Math.log(size));
    power = power.map((_, at) => {
      let sum = 0;
      for (let k = 0; k < n; k++) sum += power[Math.floor(at / n) * n + k] * power[k * n + (at % n)];
      return sum;
    });
  }
  return Math.exp((logarithm + Math.log(Math.max(...power))) / 2 ** 20);
}

describe('contractiveFixedPoint', () => {
  test('abs, which is not monotone, and its gradient', async () => {
    const A = engine.tensor([0.4, -0.5, 0.3, -0.6], [2, 2]);
    const b = engine.tensor([1, -2, 0.3, 0.7], [2, 2]);
    const loss = (M: typeof A, c: typeof b) =>
      contractiveFixedPoint(M, c, { activation: 'abs', tolerance: 1e-14 }).square().sum();
    const [, [gradA]] = await valueAndGrad(loss, [A, b]);
    const numbers = await gradA.data();
    const start = [0.4, -0.5, 0.3, -0.6];
    for (const [index, entry] of numbers.entries()) {
      const at = async (step: number) => {
        const moved = engine.tensor(
          start.map((value, i) => (i === index ? value + step : value)),
          [2, 2],
        );
        return (await loss(moved, b).data())[0];
      };
      expect(entry).toBeCloseTo(((await at(1e-5)) - (await at(-1e-5))) / 2e-5, 6);
    }
  });

  test.each([
    ['gelu', 'activation: gelu is not allowed here: its slope reaches 1.13'],
    ['swish', 'activation: swish is not allowed here: its slope reaches 1.10'],
    ['softmax', 'it does not act component by component'],
    ['hardshrink', 'activation: hardshrink is not allowed here: it jumps'],
    ['sin', 'activation: "sin" is unknown; it must be one of relu, tanh'],
    ['rely', 'elu, softsign, arctan, abs'],
    ['Abs', 'activation: "Abs" is not known; write \'abs\''],
    ['atan', "activation: atan is not a name here; write 'arctan'"],
  ])('refuses %s', (activation, message) => {
    const [A, b] = [engine.tensor([0], [1, 1]), engine.tensor([0], [1, 1])];
    expect(() => contractiveFixedPoint(A, b, { activation: activation as 'relu' })).toThrow(message);
  });

  test('a bound just below 1 is shown as such', async () => {
    for (const [size, shown] of [
      [0.9999988, '‖A‖∞ ≤ 0.999999 < 1'],
      [0.12345, '‖A‖∞ ≤ 0.124 < 1'],
      [0.5, '‖A‖∞ ≤ 0.500 < 1'],
    ] as const) {
      const [A, b] = [engine.tensor([size], [1, 1]), engine.tensor([1], [1, 1])];
      const { reason } = await contractiveFixedPoint(A, b, { activation: 'tanh' }).solve.certify();
      expect(reason).toContain(shown);
    }
  });

  test('without a look at A nothing is certified by it, and no error is bounded', async () => {
    const [A, b] = [engine.tensor([0.5, 3, 0, 0.5], [2, 2]), engine.tensor([1, -1], [1, 2])];
    const { solve } = contractiveFixedPoint(A, b, { activation: 'relu', checkInputs: false });
    expect((await solve.report).samples[0].errorBound).toBeNaN();
    const examined = contractiveFixedPoint(A, b, { activation: 'relu' }).solve;
    expect((await examined.report).samples[0].errorBound).toBeLessThan(1);
    expect(await examined.certify()).toMatchObject({ status: 'certified', argument: 'contraction' });
  });

  test('kinks at the solution are named by the certificate', async () => {
    const [A, b] = [engine.tensor([0, 0.5, 0.25, 0], [2, 2]), engine.tensor([0, 0], [1, 2])];
    const { kinks, samples } = await contractiveFixedPoint(A, b, { activation: 'relu' }).solve.certify();
    expect(kinks.map(({ index }) => index)).toEqual([0, 1]);
    expect(samples[0].kinks).toBe(2);
  });
});

describe('contractiveMatrix', () => {
  test('keeps small rows and divides large ones', async () => {
    const A = await contractiveMatrix(engine.tensor([0.1, -0.2, 3, 1], [2, 2]), 0.5).data();
    expect(relativeError(A, [0.05, -0.1, 0.375, 0.125])).toBeLessThan(1e-14);
    expect(normOf(A, 2)).toBeLessThanOrEqual(0.5);
  });
});

describe('the layer contractive', () => {
  const modelOf = (constraint: 'parametrise' | 'project') =>
    sequential(contractive({ inputs: 2, width: 6, constraint, contraction: 0.8 }), dense({ inputs: 6, outputs: 3 }));

  test.each(['parametrise', 'project'] as const)('trains, keeps its norm and comes back: %s', async (constraint) => {
    const model = modelOf(constraint);
    const data = clouds(60);
    await train(engine, model, data, { epochs: 20, batch: 20, optimiser: adam({ rate: 0.1 }) });
    const [{ value: V }] = model.parameters;
    const A = constraint === 'project' ? V : contractiveMatrix(V, 0.8);
    expect(normOf(await A.data(), 6)).toBeLessThanOrEqual(0.8);
    if (constraint === 'project') expect(normOf(await A.data(), 6)).toBeGreaterThan(0.5);
    const { classes } = await model.predict(data.inputs);
    const right = Array.from(classes).filter((one, row) => one === data.labels[row]).length;
    expect(right).toBeGreaterThan(54);
    const again = modelFrom(loadCheckpoint(await saveCheckpoint(model)), engine, { layers: { contractive } });
    expect((await again.predict(data.inputs)).classes).toEqual(classes);
  });

  test('a step that leaves the balls is projected back, also inside of a residual', async () => {
    const model = sequential(
      residual(contractive({ inputs: 2, width: 2, constraint: 'project', contraction: 0.3 })),
      dense({ inputs: 2, outputs: 3 }),
    );
    await train(engine, model, clouds(6), { epochs: 1, batch: 6, optimiser: adam({ rate: 5 }) });
    expect(normOf(await model.parameters[0].value.data(), 2)).toBeCloseTo(0.3, 6);
  });

  test('theorem3 covers the parametrisation and refuses the projection', async () => {
    const optimiser = stochasticGradient({ theorem3: true });
    await train(engine, modelOf('parametrise'), clouds(6), { epochs: 1, optimiser });
    await expect(train(engine, modelOf('project'), clouds(6), { epochs: 1, optimiser })).rejects.toThrow(
      'train: layer 0 (contractive) projects its parameters',
    );
  });

  test.each([
    [{ contraction: 1 }, 'contractive: contraction is 1; it must be between 0 and 1'],
    [{ constraint: 'clip' as 'project' }, 'contractive: constraint is "clip"; it must be one of parametrise, project'],
    [{ width: 0 }, 'contractive: width is 0'],
    [{ activation: 'gelu' as 'relu' }, 'gelu is not allowed here'],
    [{ tolerance: 0 }, 'tolerance: it is 0'],
  ])('refuses %o', (wrong, message) => {
    expect(() => contractive({ inputs: 2, width: 2, ...wrong })).toThrow(message);
  });

  test('repetition that contracts slowly is accelerated', async () => {
    const solveBy = (solver: 'picard' | 'picard+anderson') =>
      fixedPoint((z, b) => z.mul(0.999).add(b), {
        ...{ unknown: engine.tensor([0, 0], [1, 2]), inputs: [engine.tensor([1, -2], [1, 2])] },
        ...{ solver, tolerance: 1e-10, onFailure: 'report' },
      });
    const { samples, solver } = await solveBy('picard+anderson').solve.report;
    expect([solver, samples[0].status]).toEqual(['picard+anderson', 'converged']);
    expect(relativeError(await solveBy('picard+anderson').data(), [1000, -2000])).toBeLessThan(1e-6);
    expect((await solveBy('picard').solve.report).samples[0].status).toBe('limit');
  });

  test('the certificate of its gradients is by construction', async () => {
    const layer = contractive({ inputs: 2, width: 3, contraction: 0.9 });
    const [V, B, c] = layer.parameters.map(({ initial, shape }) => engine.tensor(initial(random(1)), shape));
    const x = engine.tensor(normals(4, 5), [2, 2]);
    const solves: { backwardReports: readonly Promise<object>[] }[] = [];
    await valueAndGrad(
      (...own) =>
        layer.forward(x, own, { solves: solves as never, memory: { numbers: new Map(), tensors: new Map() } }).sum(),
      [V, B, c],
    );
    const report = (await solves[0].backwardReports[0]) as { solver: string; certificate: { reason: string } };
    expect(report.certificate.reason).toContain('by construction');
    expect(report.solver).toBe('bicgstab+gmres');
  });
});
