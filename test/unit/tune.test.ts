import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sparseRegression } from '../../src/data/index.ts';
import {
  type Criterion,
  crossValidation,
  type Engine,
  heldOut,
  lasso,
  open,
  sure,
  type Tensor,
  type TuneProgress,
  tune,
} from '../../src/index.ts';
import { type LassoName, loadLasso } from '../fixtures/load.ts';
import { normals } from '../support/numbers.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await open({ backend: 'cpu' });
});
afterAll(() => engine.close());

function reference(name: LassoName) {
  const given = loadLasso(name);
  const rows = (X: readonly (readonly number[])[], y: readonly number[]) => ({
    X: engine.tensor(X.flat(), [X.length, X[0].length]),
    y: engine.tensor(y),
  });
  const { optimum } = given;
  return { train: rows(given.X_train, given.y_train), validation: rows(given.X_val, given.y_val), optimum };
}

describe('tune: one λ by the held-out error', () => {
  // In the second problem the minimum is at a knot, where the derivative jumps from negative to positive.
  it.each<[LassoName, boolean]>([
    ['diabetes', false],
    ['synth-correlated', true],
    ['synth-wide', false],
  ])('%s: within a grid step of the optimum, in under a tenth of the solves of the grid', async (name, atKnot) => {
    const { train, validation, optimum } = reference(name);
    const found = await tune({ ...train, criterion: heldOut(validation) });
    const points = 4001;
    const gridStep = (found.bounds[0][1] - found.bounds[0][0]) / (points - 1);
    expect(Math.abs(found.logLambda - optimum.lambda)).toBeLessThan(gridStep);
    expect(found.value).toBeLessThan(optimum.C * (1 + 1e-5));
    expect(found.solves).toBeLessThan(points / 10);
    expect(found.slopes?.left).toBeLessThan(0);
    expect(found.slopes?.right).toBeGreaterThan(0);
    if (atKnot) expect(Math.abs(found.slopes?.left as number)).toBeGreaterThan(1e-2);
    expect(found.certificate.status).toBe('certified');
    expect(found.failed).toBe(0);
  });

  it('reports each step, awaits the callback, and ends where it throws', async () => {
    const { train, validation } = reference('diabetes');
    const told: { logLambda: number; value: number; gradient: number }[] = [];
    let isHeard = true;
    const found = tune({
      ...train,
      criterion: heldOut(validation),
      starts: [[5]],
      async onProgress({ visited }) {
        expect(isHeard).toBe(true);
        isHeard = false;
        await new Promise((resolve) => setTimeout(resolve));
        isHeard = true;
        told.push(
          ...visited.map(({ parameters, value, gradient }) => ({
            logLambda: parameters[0],
            value,
            gradient: gradient?.[0] as number,
          })),
        );
      },
    });
    const { logLambda, value, visited } = await found;
    expect(told[0].logLambda).toBe(5);
    expect(told).toContainEqual({ logLambda, value, gradient: expect.any(Number) });
    expect(told.map((each) => each.value)).toEqual(visited.map((each) => each.value));
    const before = engine.memory().buffers;
    const onProgress = (): never => {
      throw new Error('enough');
    };
    await expect(tune({ ...train, criterion: heldOut(validation), onProgress })).rejects.toThrow('enough');
    expect(engine.memory().buffers).toBe(before);
  });

  it('reports its progress', async () => {
    const { train, validation } = reference('diabetes');
    const told: TuneProgress[] = [];
    const onProgress = (progress: TuneProgress): void => void told.push(progress);
    const found = await tune({ ...train, criterion: heldOut(validation), onProgress });
    expect(told[0].kind).toBe('points');
    expect(told.slice(1).every(({ kind }) => kind === 'step')).toBe(true);
    expect(told.flatMap(({ visited }) => visited)).toEqual(found.visited);
    expect(told.at(-1)?.evaluations).toBe(found.visited.length);
    expect(told.at(-1)?.best).toEqual({ parameters: [found.logLambda], value: found.value });
    expect(
      told.every(({ secondsLeft }) => secondsLeft === undefined || (secondsLeft >= 0 && secondsLeft < Infinity)),
    ).toBe(true);
    const grid: TuneProgress[] = [];
    const options = { criterion: crossValidation(), optimiser: 'grid', points: 250 } as const;
    await tune({ ...train, ...options, onProgress: (progress) => void grid.push(progress) });
    expect(grid.map(({ evaluations }) => evaluations)).toEqual([102, 204, 250]);
    expect(grid.at(-1)?.secondsLeft).toBe(0);
  });

  it('returns the best so far when the time is over, and says so', async () => {
    const { train, validation } = reference('diabetes');
    const criterion = heldOut(validation);
    const seen: TuneProgress[] = [];
    // Lets the first step pass; then the time is up.
    const found = await tune({
      ...train,
      criterion,
      timeLimit: 3000,
      async onProgress(progress) {
        seen.push(progress);
        await new Promise((resolve) => setTimeout(resolve, Math.max(1000 * (progress.secondsLeft ?? 0), 1500)));
      },
    });
    expect(found.timedOut).toBe(true);
    expect(found.slopes).toBeUndefined();
    expect(found.visited.length).toBe(seen.at(-1)?.evaluations);
    expect(found.value).toBe(seen.at(-1)?.best?.value);
    expect(found.beta.some((value) => value !== 0)).toBe(true);
    expect(found.certificate.status).toBe('certified');
    const whole = await tune({ ...train, criterion, timeLimit: 60_000 });
    expect(whole.timedOut).toBe(false);
    expect(whole.value).toBeLessThanOrEqual(found.value);
    await expect(tune({ ...train, criterion, timeLimit: 0 })).rejects.toThrow('timeLimit');
    await expect(tune({ ...train, criterion, timeLimit: 1e-6 })).rejects.toThrow(/time limit of 0.000001 ms was over/);
  });

  it('ends when a signal is aborted, and frees its memory', async () => {
    const { train, validation } = reference('diabetes');
    const reason = new Error('enough');
    const criterion = heldOut(validation);
    await expect(tune({ ...train, criterion, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await engine.idle();
    const before = engine.memory().buffers;
    const controller = new AbortController();
    const onProgress = (): void => controller.abort(reason);
    await expect(tune({ ...train, criterion, signal: controller.signal, onProgress })).rejects.toBe(reason);
    await engine.idle();
    expect(engine.memory().buffers).toBe(before);
  });

  it('frees its memory', async () => {
    const { train, validation } = reference('diabetes');
    const before = engine.memory().buffers;
    const criteria = [heldOut(validation), crossValidation(), sure({ deviation: 54 })];
    const run = async (): Promise<void> => {
      for (const criterion of criteria) await tune({ ...train, criterion, starts: 2, limit: 3 });
    };
    await run();
    const first = engine.memory().buffers;
    await run();
    expect(engine.memory().buffers).toBe(first);
    expect(first - before).toBeLessThan(8); // numbers that the engine keeps
  });

  it.each(['descent', 'adam'] as const)('%s stays where the criterion is flat', async (optimiser) => {
    const { train } = reference('diabetes');
    const flat: Criterion = {
      name: 'flat',
      begin: () => ({ copies: 1, judge: ({ beta }) => beta.sum(1).mul(0) }),
    };
    const found = await tune({ ...train, criterion: flat, optimiser, starts: [[5]] });
    expect(found.logLambda).toBe(5);
    expect(found.visited).toHaveLength(1);
  });

  it('descent, Adam and a grid agree', async () => {
    const { train, validation } = reference('diabetes');
    const criterion = heldOut(validation);
    const descent = await tune({ ...train, criterion });
    const adam = await tune({ ...train, criterion, optimiser: 'adam' });
    const grid = await tune({ ...train, criterion, optimiser: 'grid', points: 200 });
    expect(adam.logLambda).toBeCloseTo(descent.logLambda, 2);
    expect(Math.abs(grid.logLambda - descent.logLambda)).toBeLessThan(12 / 199);
    expect(descent.value).toBeLessThanOrEqual(grid.value);
    expect(grid.solves).toBe(200);
  });
});

/** The criterion of a λ by its definition, with each problem solved separately. */
describe('criteria', () => {
  const ROWS = 30;
  const FEATURES = 5;
  const data = () => {
    const { X, y } = sparseRegression({ count: ROWS, features: FEATURES, supportSize: 2, seed: 3 });
    return { X: Array.from(X), y: Array.from(y, (value) => value + 2) };
  };
  const tensors = ({ X, y }: ReturnType<typeof data>, rows = y.map((_, row) => row)) => ({
    X: engine.tensor(
      rows.flatMap((row) => X.slice(row * FEATURES, (row + 1) * FEATURES)),
      [rows.length, FEATURES],
    ),
    y: engine.tensor(rows.map((row) => y[row])),
  });
  const fit = async (numbers: ReturnType<typeof data>, logLambda: number, rows?: number[]) => {
    const { beta, intercept } = lasso({ ...tensors(numbers, rows), logLambda, intercept: true });
    const [b, [b0]] = await Promise.all([beta.data().then(Array.from<number>), intercept.data()]);
    return (row: number): number => b0 + b.reduce((sum, value, j) => sum + value * numbers.X[row * FEATURES + j], 0);
  };

  it('cross-validation is the mean error on held-out rows, with the penalty scaled to the number of fitted rows', async () => {
    const numbers = data();
    const seen: { parameters: readonly number[]; value: number }[] = [];
    await tune({
      ...tensors(numbers),
      criterion: crossValidation({ folds: 3, seed: 1 }),
      intercept: true,
      starts: [[1.5]],
      limit: 1,
      onProgress: ({ visited }) => void seen.push(...visited),
    });
    const { foldMasks } = await import('../../src/data/index.ts');
    const { foldOf } = foldMasks(ROWS, { folds: 3, seed: 1 });
    let expected = 0;
    for (let fold = 0; fold < 3; fold++) {
      const all = numbers.y.map((_, row) => row);
      const training = all.filter((row) => foldOf[row] !== fold);
      const held = all.filter((row) => foldOf[row] === fold);
      const predict = await fit(numbers, 1.5 + Math.log(training.length / ROWS), training);
      expected += held.reduce((sum, row) => sum + (numbers.y[row] - predict(row)) ** 2, 0) / held.length / 3;
    }
    expect(seen[0].parameters).toEqual([1.5]);
    expect(seen[0].value).toBeCloseTo(expected, 9);
  });

  it('the risk estimate is near the true risk', async () => {
    const deviation = 0.5;
    const errors: number[] = [];
    for (let seed = 0; seed < 12; seed++) {
      const { X, y, coefficients } = sparseRegression({ count: 60, features: 6, supportSize: 3, seed: 8 });
      const clean = Array.from(y, (_, row) =>
        Array.from(coefficients).reduce((sum, value, j) => sum + value * X[row * 6 + j], 0),
      );
      const noisy = normals(60, seed, deviation).map((noise, row) => clean[row] + noise);
      const given = { X: engine.tensor(X, [60, 6]), y: engine.tensor(noisy) };
      const found = await tune({ ...given, criterion: sure({ deviation, seed }), starts: [[1]], limit: 1 });
      const { beta } = lasso({ ...given, logLambda: 1 });
      const b = Array.from(await beta.data());
      const risk = clean.reduce((sum, value, row) => {
        const predicted = b.reduce((total, each, j) => total + each * X[row * 6 + j], 0);
        return sum + (predicted - value) ** 2 / 60;
      }, 0);
      errors.push(found.value - risk);
    }
    const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    const spread = Math.sqrt(errors.reduce((sum, error) => sum + (error - mean) ** 2, 0) / (errors.length - 1));
    expect(Math.abs(mean)).toBeLessThan((3 * spread) / Math.sqrt(errors.length));
  });

  it.each([
    ['held-out', () => heldOut(tensors(data(), [0, 3, 4, 7]))],
    ['cross-validation', () => crossValidation({ folds: 3 })],
    ['sure', () => sure({ deviation: 1 })],
  ] as const)('the gradient for each penalty agrees with central differences: %s', async (_, criterionOf) => {
    const numbers = data();
    const given = tensors(numbers);
    for (const [penalty, at] of [
      ['single', [1.2]],
      ['elastic-net', [1.2, 0.4]],
      ['features', [1.2, 0.7, 1.4, 0.9, 1.1]],
    ] as const) {
      const h = 1e-5;
      const starts = [
        [...at],
        ...at.flatMap((__, index) =>
          [h, -h].map((shift) => at.map((value, place) => (place === index ? value + shift : value))),
        ),
      ];
      const { visited } = await tune({
        ...given,
        criterion: criterionOf(),
        penalty,
        starts,
        limit: 1,
        intercept: true,
        solve: { tolerance: 1e-13 },
      });
      for (const index of at.keys()) {
        const difference = (visited[1 + 2 * index].value - visited[2 + 2 * index].value) / (2 * h);
        expect(visited[0].gradient?.[index]).toBeCloseTo(difference, 5);
      }
    }
  });
});

describe('tune: one penalty for each feature', () => {
  it('has a lower held-out error, and test error, than the best single λ on a sparse problem', async () => {
    const { X, y } = sparseRegression({ count: 300, features: 100, supportSize: 10, signalToNoise: 4, seed: 2 });
    const part = (from: number, to: number) => ({
      X: engine.tensor(X.slice(from * 100, to * 100), [to - from, 100]),
      y: engine.tensor(y.slice(from, to)),
    });
    const criterion = heldOut(part(100, 200));
    const single = await tune({ ...part(0, 100), criterion });
    const weighted = await tune({ ...part(0, 100), criterion, penalty: 'features', starts: 1, limit: 30 });
    expect(weighted.value).toBeLessThan(0.9 * single.value);
    const test = (beta: Float64Array): number => {
      let sum = 0;
      for (let row = 200; row < 300; row++) {
        const predicted = beta.reduce((total, each, j) => total + each * X[row * 100 + j], 0);
        sum += (y[row] - predicted) ** 2 / 100;
      }
      return sum;
    };
    expect(test(weighted.beta)).toBeLessThan(test(single.beta));
    expect(weighted.weights).toHaveLength(100);
  });
});

describe('tune: wrong arguments', () => {
  const given = (): { X: Tensor; y: Tensor } => ({
    X: engine.tensor([1, 2, 3, 4], [4, 1]),
    y: engine.tensor([1, 2, 0, 4]),
  });
  it.each<[object, RegExp]>([
    [{ y: [1] }, /tune: X has shape \[4, 1\] and y \[1\]/],
    [{ penalty: 'ridge' }, /penalty: it is "ridge"; it must be one of single, features, elastic-net/],
    [{ optimiser: 'newton' }, /optimiser: it is "newton"/],
    [{ optimiser: 'grid', penalty: 'features' }, /optimiser: it is "grid", which is for a single λ/],
    [{ starts: [] }, /starts: the list is empty/],
    [{ starts: [[1, 2]] }, /starts\[0\]: it is \[1, 2\]; it must hold 1 finite numbers/],
    [{ tolerance: -1 }, /tolerance: it is -1/],
  ])('%j', async (wrong, message) => {
    const { y, ...rest } = wrong as { y?: number[] };
    const options = { ...given(), criterion: sure({ deviation: 1 }), ...rest, ...(y && { y: engine.tensor(y) }) };
    await expect(tune(options)).rejects.toThrow(message);
  });

  it('a target that no feature explains', async () => {
    const zero = { ...given(), y: engine.tensor([0, 0, 0, 0]), criterion: sure({ deviation: 1 }) };
    await expect(tune(zero)).rejects.toThrow('y: Xᵀy is 0, so that β is 0 for every λ');
  });

  it('a noise that is not positive', () => {
    expect(() => sure({ deviation: 0 })).toThrow(/sure: deviation is 0/);
  });
});
