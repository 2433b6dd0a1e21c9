/** The messages of failed solves: they name the cause, as far as it is known, and a remedy. */
import { afterAll, describe, expect, test } from 'vitest';
import {
  type BackendName,
  ConvergenceError,
  dense,
  type Engine,
  type FixedPointOptions,
  fixedPoint,
  lasso,
  monotone,
  monotoneFixedPoint,
  open,
  root,
  type SampleReport,
  sequential,
  sgd,
  type Tensor,
  train,
  valueAndGrad,
} from '../../src/index.ts';
import { clouds } from '../support/clouds.ts';

/** One sample with these numbers. */
const one = (engine: Engine, ...values: number[]): Tensor => engine.tensor(values, [1, values.length]);

async function failureOf(promise: Promise<unknown>): Promise<ConvergenceError> {
  const error = await promise.then(
    () => new Error('it was solved'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ConvergenceError);
  const { message, report } = error as ConvergenceError;
  // The residual that the message quotes must be a failure.
  const quoted = /residual (\S+?)[;)]/.exec(message)?.[1];
  if (quoted && !/where it starts/.test(message))
    expect(Number(quoted) > report.tolerance || quoted === 'NaN').toBe(true);
  expect(report.samples.every(({ status, cause }) => (cause === undefined) === /converged|stalled/.test(status))).toBe(
    true,
  );
  return error as ConvergenceError;
}

const USELESS = 'a higher limit or a looser tolerance does not help';

for (const backend of ['cpu', 'wasm'] as const satisfies readonly BackendName[]) {
  describe(`on ${backend}`, async () => {
    const engine = await open({ backend });
    afterAll(() => engine.close());
    const square = (z: Tensor, x: Tensor): Tensor => z.square().sub(x);
    const solving = <More extends Partial<FixedPointOptions>>(start: number, x: number, more?: More) => ({
      unknown: one(engine, start),
      inputs: [one(engine, x)],
      ...(more as More),
    });

    test('a linear solve with a singular matrix', async () => {
      const f = (x: Tensor): Tensor => root(square, { unknown: one(engine, 0), inputs: [x] }).sum();
      const { message, report } = await failureOf(valueAndGrad(f, [one(engine, 0)]));
      expect(message).toContain('root, backward: 1 of 1 samples did not converge with gmres');
      expect(message).toContain('The matrix of the linear solve is singular, or nearly so, as it seems');
      expect(message).toContain('certify() tells');
      expect(message).not.toMatch(/raise|loosen/i);
      expect(report.samples[0].cause).toBe('stagnation');
    });

    test('a linear solve whose result is only rounding error: no residual is quoted', async () => {
      const small = backend === 'cpu' ? 1e-16 : 1e-7;
      const F = (z: Tensor, x: Tensor): Tensor =>
        z
          .mul(small)
          .add(z.sum(1, { keepAxes: true }))
          .sub(x);
      const f = (x: Tensor): Tensor =>
        root(F, { unknown: one(engine, 0.5, 0.5), inputs: [x] })
          .mul(one(engine, 1, -1))
          .sum();
      const { message, report } = await failureOf(valueAndGrad(f, [one(engine, 1, 1)]));
      expect(message).toMatch(/whose answer after \d+ iterations is rounding, by (all|\d+ %) of its size/);
      expect(message).toContain('singular, to the precision (its least singular value is at most about 1.');
      expect(message).not.toMatch(/residual|raise|loosen/i);
      expect(report.samples[0]).toMatchObject({ status: 'limit', cause: 'singular' });
    });

    test('Newton steps that start where ∂F/∂z is singular', async () => {
      const { message } = await failureOf(root(square, solving(0, 1)).data());
      expect(message).toContain('∂F/∂z is singular where the solver stopped, so that Newton steps lead nowhere');
      expect(message).toContain(USELESS);
      expect(message).not.toContain('Raise');
    });

    test('an equation without a solution', async () => {
      const { message } = await failureOf(root((z, x) => z.square().add(x), solving(0.3, 1)).data());
      expect(message).toContain('there may be none, or none near');
      expect(message).not.toContain('Raise the limit');
    });

    test('few Newton steps', async () => {
      const { message, report } = await failureOf(root(square, solving(1e4, 1, { limit: 3 })).data());
      expect(message).toContain('limit after 3 iterations');
      expect(message).toContain('Raise the limit, loosen the tolerance, or ask for the report');
      expect(report.samples[0].cause).toBe('limit');
    });

    test('a start that is too far away', async () => {
      const far = backend === 'cpu' ? 1e150 : 1e30;
      for (const solver of ['auto', 'newton-krylov'] as const) {
        const { message, report } = await failureOf(fixedPoint(square, solving(far, 1, { solver })).data());
        expect(message).not.toContain('diverged');
        expect(message).toContain('where it starts');
        expect(message).toContain('The unknown is where the function is not finite, or beyond 1e30 times the unknown');
        expect(report.samples[0]).toMatchObject({ status: 'diverged', cause: 'start' });
      }
      const outside = root((z, x) => z.log().sub(x), solving(-1, 1));
      expect((await failureOf(outside.data())).message).toContain('start elsewhere, at moderate numbers');
    });

    test('a given unknown that does not solve the equation', async () => {
      const { message } = await failureOf(root(square, solving(1.1, 1, { solver: 'given' })).data());
      expect(message).toContain('The unknown is taken as it was given');
      expect(message).not.toMatch(/raise|loosen/i);
    });

    test('plain repetition that grows or cycles', async () => {
      const grows = fixedPoint((z, x) => z.mul(2).add(x), solving(0, 1, { solver: 'picard', limit: 2000 }));
      expect((await failureOf(grows.data())).message).toContain(`It grew beyond all bounds, where ${USELESS}`);
      const round = fixedPoint((z, x) => z.neg().add(x), solving(0, 1, { solver: 'picard' }));
      expect((await failureOf(round.data())).message).toContain(
        'where it is none, repetition does not come to the solution',
      );
    });

    test('a margin that W does not have', async () => {
      const [W, b] = [engine.tensor([5, 0, 0, 5], [2, 2]), one(engine, 1, 1)];
      const options = { activation: 'relu', margin: 0.5, solver: 'picard', checkInputs: false } as const;
      const { message } = await failureOf(monotoneFixedPoint(W, b, options).z.data());
      expect(message).toContain('W does not have the margin that was stated');
    });

    test('plain repetition where W is not a contraction', async () => {
      const [W, b] = [engine.tensor([-3], [1, 1]), one(engine, 1)];
      const options = { activation: 'leakyRelu', margin: 3, limit: 2000 } as const;
      const round = monotoneFixedPoint(W, b, { ...options, activation: 'relu', solver: 'picard' });
      expect((await failureOf(round.z.data())).message).toContain('and peaceman-rachford does');
      const grows = monotoneFixedPoint(W, b, {
        ...options,
        activation: { name: 'leakyRelu', slope: 0.9375 },
        solver: 'picard',
      });
      expect((await failureOf(grows.z.data())).message).toContain('Repetition grows where W does not contract');
      // I − JW is 4 in the backward solve, so nothing is singular.
      const f = (x: Tensor): Tensor => {
        const solution = monotoneFixedPoint(W, x, { ...options, linearSolver: 'neumann' });
        reports = solution.backwardReports;
        return solution.z.sum();
      };
      let reports: readonly Promise<{ samples: readonly SampleReport[] }>[] = [];
      const { message } = await failureOf(valueAndGrad(f, [b]));
      expect(message).not.toContain('singular');
      expect(message).toContain('take another linearSolver');
      const [sample] = (await reports[0]).samples;
      expect(sample.singularValueBound ?? 4).toBeGreaterThan(4 - 1e-5);
      expect(sample.cause).not.toBe('singular');
    });

    test('a Lasso with equal columns', async () => {
      const X = engine.tensor([1, 1, 0, 0], [2, 2]);
      const options = { X, logLambda: -1, solver: 'fista', onFailedCertificate: 'ignore' } as const;
      const f = (y: Tensor): Tensor =>
        lasso({ ...options, y })
          .beta.mul(one(engine, 1, -1))
          .sum();
      const { message } = await failureOf(valueAndGrad(f, [engine.tensor([1, 2])]));
      expect(message).toContain('columns in use are linearly dependent');
      expect(message).toContain('add a ridge');
      expect(message).not.toContain('backwardLimit');
    });

    test('a linear solve with a low limit: the message names the options of that solve', async () => {
      const n = 40;
      const diagonal = engine.tensor(
        Float64Array.from({ length: n }, (_, at) => 1 + at * at),
        [1, n],
      );
      const zeros = engine.tensor(new Float64Array(n), [1, n]);
      const options = { unknown: zeros, backwardLimit: 2, solver: 'given' } as const;
      const F = (z: Tensor, d: Tensor, x: Tensor): Tensor => z.mul(d).sub(x);
      const f = (x: Tensor): Tensor => root(F, { ...options, inputs: [diagonal, x] }).sum();
      expect((await failureOf(valueAndGrad(f, [zeros]))).message).toContain(
        'Raise backwardLimit, loosen backwardTolerance',
      );
    });

    test('a learning rate that is too high', async () => {
      const model = sequential(
        monotone({ inputs: 2, width: 8, activation: 'relu', margin: 1, limit: 50 }),
        dense({ inputs: 8, outputs: 3 }),
      );
      const options = { epochs: 5, batch: 12, optimiser: sgd({ rate: 1e4 }) };
      const { message } = await failureOf(train(engine, model, clouds(12, 1), options));
      expect(message).toMatch(/^monotone, (forward|backward): /);
      expect(message).toMatch(
        /\d+ steps? before converged, and the largest parameter has grown from 0\.\d+ to \S+: they explode/,
      );
      expect(message).toContain('Lower the learning rate, which is 10000');
    });
  });
}
