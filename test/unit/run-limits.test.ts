/** A signal and a time limit end solves early, with an error that says so. */
import { getEventListeners } from 'node:events';
import { afterAll, describe, expect, test } from 'vitest';
import { sparseRegression } from '../../src/data/index.ts';
import {
  type BackendName,
  ConvergenceError,
  type Engine,
  evaluate,
  fixedPoint,
  largestPenalty,
  lasso,
  lassoPath,
  type MonotoneOptions,
  monotone,
  monotoneFixedPoint,
  root,
  sequential,
  type Tensor,
  tunedStep,
  valueAndGrad,
} from '../../src/index.ts';
import { engineOn } from '../support/engines.ts';

const reason = new Error('enough');
const aborted = AbortSignal.abort(reason);
const BACKENDS = ['cpu', 'wasm', 'webgpu'] as const satisfies readonly BackendName[];

/** z = relu((1 − 1e-6)z + b): Picard's iteration takes millions of iterations, each a pass of a loop. */
function slow(engine: Engine, isNarrow = false) {
  // The narrow one is a kernel of its own on a GPU, the other one a loop.
  const n = isNarrow ? 32 : Math.max(32, Math.min(engine.widestIteration + 1, 512));
  const margin = 1e-6;
  const W = engine.tensor(
    Float64Array.from({ length: n * n }, (_, at) => (at % (n + 1) === 0 ? 1 - margin : 0)),
    [n, n],
  );
  const b = engine.tensor(new Float64Array(n).fill(1), [1, n]);
  const options = {
    activation: 'relu',
    margin: 0.5 * margin,
    checkInputs: false,
    solver: 'picard',
    tolerance: 1e-9,
    limit: 1e7,
  } as const satisfies MonotoneOptions;
  return { W, b, options };
}

function rows(engine: Engine): { X: Tensor; y: Tensor } {
  const { X, y, count, features } = sparseRegression({ count: 40, features: 60, supportSize: 5, seed: 1 });
  return { X: engine.tensor(X, [count, features]), y: engine.tensor(y) };
}

describe.each(BACKENDS)('%s', (backend) => {
  const { engine, close } = engineOn(backend);
  afterAll(close);

  test.each([false, true])('a time limit ends a solve with its last iterate: narrow, %s', async (isNarrow) => {
    const { W, b, options } = slow(await engine(), isNarrow);
    const solution = monotoneFixedPoint(W, b, { ...options, timeLimit: 50, onFailure: 'report' });
    const { timedOut, timeLimit, samples } = await solution.report;
    expect(timedOut).toBe(true);
    expect(timeLimit).toBe(50);
    expect(samples[0].status).toBe('limit');
    const z = await solution.z.data();
    const residual = Math.abs(z[0] - ((1 - 1e-6) * z[0] + 1)) / z[0];
    expect(samples[0].residual / residual).toBeCloseTo(1, 1);
    expect(z[0]).toBeGreaterThan(0);
    solution.dispose();
  });

  test('the error of a solve that ran out of time names the time limit', async () => {
    const { W, b, options } = slow(await engine());
    const solution = monotoneFixedPoint(W, b, { ...options, timeLimit: 20 });
    const failure = await solution.z.data().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ConvergenceError);
    expect(String(failure)).toMatch(/The time limit of 20 ms ended the solve: raise timeLimit/);
    solution.dispose();
  });

  test('an abort rejects whatever awaits the solve, frees it, and leaves a working engine', async () => {
    const own = await engine();
    const { W, b, options } = slow(own);
    const solveLoosely = async (): Promise<number> => {
      const solution = monotoneFixedPoint(W, b, { ...options, tolerance: 1e-2 });
      const [first] = await solution.z.data();
      solution.dispose();
      return first;
    };
    const expected = await solveLoosely();
    await own.idle();
    const before = own.memory().buffers;
    const controller = new AbortController();
    const solution = monotoneFixedPoint(W, b, { ...options, signal: controller.signal });
    const waiting = [solution.z.data(), solution.report, solution.z.mul(2).data(), solution.certificate()];
    const settled = Promise.allSettled(waiting);
    await new Promise((resolve) => setTimeout(resolve, 30));
    controller.abort(reason);
    for (const result of (await settled).slice(0, 3)) expect(result).toMatchObject({ status: 'rejected', reason });
    solution.dispose();
    expect(await solveLoosely()).toBeCloseTo(expected, 3);
    await own.idle();
    // The product that was read above belongs to the test.
    expect(own.memory().buffers).toBe(before + 1);
  });

  test('a gradient through a solve that was aborted meanwhile is rejected', async () => {
    const { W, b } = slow(await engine());
    const controller = new AbortController();
    const gradient = valueAndGrad(
      (c) => {
        const { z } = monotoneFixedPoint(W, c, {
          activation: 'relu',
          margin: 5e-7,
          checkInputs: false,
          signal: controller.signal,
        });
        controller.abort(reason);
        return z.sum();
      },
      [b],
    );
    await expect(gradient).rejects.toBe(reason);
  });
});

describe('calls that accept them', () => {
  const { engine, close } = engineOn('cpu');
  afterAll(close);

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('a time limit of %d is refused', async (timeLimit) => {
    const own = await engine();
    const { W, b, options } = slow(own);
    const { X, y } = rows(own);
    const message = 'timeLimit';
    expect(() => monotoneFixedPoint(W, b, { ...options, timeLimit })).toThrow(message);
    expect(() => fixedPoint((z) => z.mul(0.5), { unknown: b, inputs: [], timeLimit })).toThrow(message);
    expect(() => lasso({ X, y, logLambda: 0, timeLimit })).toThrow(message);
    expect(() => monotone({ inputs: 1, width: 1, timeLimit })).toThrow(message);
    await expect(lassoPath({ X, y, timeLimit })).rejects.toThrow(message);
  });

  test('an already aborted signal rejects at once', async () => {
    const own = await engine();
    const { W, b, options } = slow(own);
    const { X, y } = rows(own);
    const signal = aborted;
    await own.idle();
    const before = own.memory().buffers;
    expect(() => monotoneFixedPoint(W, b, { ...options, signal })).toThrow(reason);
    expect(() => fixedPoint((z) => z.mul(0.5), { unknown: b, inputs: [], signal })).toThrow(reason);
    expect(() => root((z) => z.mul(0.5), { unknown: b, inputs: [], signal })).toThrow(reason);
    await expect(largestPenalty({ X, y, signal })).rejects.toBe(reason);
    await expect(lassoPath({ X, y, signal })).rejects.toBe(reason);
    await expect(tunedStep(W, b, { activation: 'relu', margin: 5e-7, signal })).rejects.toBe(reason);
    expect(own.memory().buffers).toBe(before);
    expect(() => lasso({ X, y, logLambda: 0, signal })).toThrow(reason);
    expect(own.memory().buffers).toBe(before);
  });

  test('a certificate takes a signal of its own, and one that is aborted later leaves the solution as it is', async () => {
    const own = await engine();
    const controller = new AbortController();
    const unknown = own.tensor([0, 0]);
    const x = own.tensor([0]);
    const z = fixedPoint((at, given) => at.mul(0.5).relu().add(given), {
      unknown,
      inputs: [x],
      signal: controller.signal,
    });
    await expect(z.solve.certify({ signal: aborted })).rejects.toBe(reason);
    const cotangent = own.tensor([1, 1]);
    await expect(z.solve.gradientInterval(cotangent, { signal: aborted })).rejects.toBe(reason);
    expect((await z.solve.certify()).status).toBe('certified');
    expect(Array.from(await z.data())).toEqual([0, 0]);
    controller.abort(reason);
    expect(Array.from(await z.data())).toEqual([0, 0]);
    await expect(z.solve.certify()).rejects.toBe(reason);
    await expect(z.solve.select(() => 0)).rejects.toBe(reason);
  });

  test('the time limit of a linear solve counts from its own beginning', async () => {
    const own = await engine();
    const { W, b } = slow(own);
    const slowly = { activation: 'relu', margin: 5e-7, checkInputs: false, timeLimit: 300 } as const;
    const solution = monotoneFixedPoint(W, b, { ...slowly, solver: 'peaceman-rachford', onFailure: 'report' });
    await solution.report;
    await new Promise((resolve) => setTimeout(resolve, 320));
    const [, gradients] = await valueAndGrad(
      (c) => {
        const { z } = monotoneFixedPoint(W, c, slowly);
        return z.sum();
      },
      [b],
    );
    expect((await gradients[0].data())[0]).toBeGreaterThan(0);
  });

  test('equations and Lassos run out of time as well', async () => {
    const own = await engine();
    const { X, y } = rows(own);
    const start = own.tensor(new Float64Array(32), [1, 32]);
    const z = fixedPoint((at) => at.mul(1 - 1e-9).add(1), {
      unknown: start,
      inputs: [],
      solver: 'picard',
      limit: 1e7,
      timeLimit: 20,
    });
    await expect(z.data()).rejects.toThrow(/time limit of 20 ms/);
    expect(await z.solve.report).toMatchObject({ timedOut: true, timeLimit: 20 });
    const { report, beta } = lasso({
      X,
      y,
      logLambda: -9,
      solver: 'ista',
      limit: 1e7,
      timeLimit: 20,
      tolerance: 1e-16,
    });
    await expect(beta.data()).rejects.toThrow(/time limit of 20 ms/);
    expect((await report).timedOut).toBe(true);
  });

  test('a path has one time limit, and reports the λ that it did not reach', async () => {
    const own = await engine();
    const { X, y } = rows(own);
    const since = performance.now();
    const path = await lassoPath({
      X,
      y,
      solver: 'ista',
      tolerance: 1e-16,
      limit: 1e7,
      chunk: 1,
      count: 30,
      timeLimit: 100,
      onFailure: 'report',
    });
    const reports = await Promise.all(path.reports);
    expect(performance.now() - since).toBeLessThan(30 * 100);
    expect(reports.at(-1)).toMatchObject({ timedOut: true, timeLimit: 100, samples: [{ status: 'limit' }] });
    expect((await path.beta.data()).every(Number.isFinite)).toBe(true);
  });

  test('a path that is aborted between its chunks leaks nothing', async () => {
    const own = await engine();
    const { X, y } = rows(own);
    const logLambda = Array.from({ length: 2000 }, (_, at) => 4 - at / 500);
    const aborted = async (): Promise<number> => {
      const controller = new AbortController();
      const found = lassoPath({ X, y, chunk: 1, logLambda, onFailure: 'report', signal: controller.signal });
      setTimeout(() => controller.abort(reason), 1);
      await expect(found).rejects.toBe(reason);
      await own.idle();
      return own.memory().buffers;
    };
    // At any abort a number may be created that the engine keeps, but only once.
    const after: number[] = [];
    for (let abort = 0; abort < 6; abort++) after.push(await aborted());
    expect(after[5] - after[0]).toBeLessThan(3);
  });

  test('a signal has one listener, however many calls wait for it', async () => {
    const own = await engine();
    const { W, b } = slow(own);
    const { signal } = new AbortController();
    const solutions = Array.from({ length: 12 }, () =>
      monotoneFixedPoint(W, b, { activation: 'relu', margin: 5e-7, checkInputs: false, signal }),
    );
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    await Promise.all(solutions.map(({ report }) => report));
    for (const solution of solutions) solution.dispose();
    await expect.poll(() => getEventListeners(signal, 'abort').length).toBe(0);
  });

  test('a solve that ends in time is not reported as cut short', async () => {
    const own = await engine();
    const { W, b } = slow(own);
    const { report } = monotoneFixedPoint(W, b, { activation: 'relu', margin: 5e-7, timeLimit: 60_000 });
    expect(await report).toMatchObject({ timedOut: false, timeLimit: 60_000 });
    const unlimited = monotoneFixedPoint(W, b, { activation: 'relu', margin: 5e-7 });
    expect(await unlimited.report).not.toHaveProperty('timeLimit');
  });

  test('a model predicts and is evaluated under a signal', async () => {
    const model = sequential(monotone({ inputs: 3, width: 4 }));
    model.initialise(await engine());
    const inputs = Float32Array.from({ length: 12 }, (_, at) => at / 12);
    const samples = { inputs, labels: Uint8Array.from([0, 1, 2, 3]), count: 4, features: 3 };
    expect((await model.predict(inputs, { signal: new AbortController().signal })).classes).toHaveLength(4);
    await expect(model.predict(inputs, { signal: aborted })).rejects.toBe(reason);
    await expect(evaluate(model, samples as never, { signal: aborted })).rejects.toBe(reason);
    model.dispose();
  });
});
