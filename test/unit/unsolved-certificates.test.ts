/** A solve that ended without a solution is not certified, and bounds no derivative. */
import { afterAll, describe, expect, test, vi } from 'vitest';
import type { MonotoneAnswer } from '../../src/cli/monotone-solution.ts';
import {
  contractiveFixedPoint,
  fixedPoint,
  type ImplicitCertificate,
  lasso,
  monotoneFixedPoint,
  root,
  type SolveReport,
  type Tensor,
  valueAndGrad,
  weightedLeastSquares,
} from '../../src/index.ts';
import { solveByCommand } from '../support/cli-solve.ts';
import { createOracle } from '../support/engines.ts';

const engine = createOracle();
afterAll(() => engine.close());

const LIMITED = { limit: 1, onFailure: 'report' } as const;

interface Parts {
  readonly out: Tensor;
  readonly report: Promise<SolveReport>;
  readonly certificate: () => Promise<ImplicitCertificate>;
  readonly backwardReports: readonly Promise<{ readonly certificate: ImplicitCertificate }>[];
}

/** A sample that is solved at once, and one that a single iteration does not solve. */
const SOLVES: Readonly<Record<string, () => { readonly inputs: Tensor[]; solve(...inputs: Tensor[]): Parts }>> = {
  monotone: () => ({
    inputs: [engine.tensor([-1, 3, -3, 0.1], [2, 2]), engine.tensor([-1, -2, 1, 2], [2, 2])],
    solve(W, b) {
      const solution = monotoneFixedPoint(W, b, { ...LIMITED, margin: 0.5, activation: 'relu' });
      return { ...solution, out: solution.z };
    },
  }),
  fixedPoint: () => ({
    inputs: [engine.tensor([0, 0, 1, 2], [2, 2])],
    solve(x) {
      const unknown = engine.tensor([0, 0, 0, 0], [2, 2]);
      const z = fixedPoint((y, given) => y.mul(0.5).add(given).tanh(), { unknown, inputs: [x], ...LIMITED });
      return { ...z.solve, out: z, certificate: () => z.solve.certify() };
    },
  }),
  root: () => ({
    inputs: [engine.tensor([0, 0, 1, 2], [2, 2])],
    solve(x) {
      const unknown = engine.tensor([0, 0, 0, 0], [2, 2]);
      const z = root((y, given) => y.sub(given).add(y.mul(y).mul(y)), { unknown, inputs: [x], ...LIMITED });
      return { ...z.solve, out: z, certificate: () => z.solve.certify() };
    },
  }),
  contractive: () => ({
    inputs: [engine.tensor([0.5, 0.4, 0.3, 0.2], [2, 2]), engine.tensor([0, 0, 1, 2], [2, 2])],
    solve(A, b) {
      const z = contractiveFixedPoint(A, b, { activation: 'tanh', ...LIMITED });
      return { ...z.solve, out: z, certificate: () => z.solve.certify() };
    },
  }),
  lasso: () => ({
    inputs: [engine.tensor([1, 2, 3, 4, 5, 7, 1, 0, 2], [3, 3]), engine.tensor([0, 0, 0, 1, 2, 3], [2, 3])],
    solve(X, y) {
      const solution = lasso({ X, y, logLambda: -2, solver: 'ista', ...LIMITED });
      return { ...solution, out: solution.beta };
    },
  }),
};

describe.each(Object.entries(SOLVES))('%s', (_, create) => {
  test('certifies the sample that was solved, and not the other', async () => {
    const { inputs, solve } = create();
    const { report, certificate } = solve(...inputs);
    expect((await report).samples.map(({ status }) => status === 'limit')).toEqual([false, true]);
    const { status, samples } = await certificate();
    expect([status, ...samples.map((sample) => sample.status)]).toEqual(['unknown', 'certified', 'unknown']);
    expect(samples[1].reason).toContain('was not solved (limit)');
  });

  test('nor with a gradient', async () => {
    const { inputs, solve } = create();
    const reports: Parts['backwardReports'][] = [];
    await valueAndGrad((...given: Tensor[]) => {
      const { out, backwardReports } = solve(...given);
      reports.push(backwardReports);
      return out.sum();
    }, inputs);
    const { certificate } = await reports[0][0];
    expect(certificate.samples[1].status).toBe('unknown');
  });
});

test('intervals are unbounded where nothing was solved', async () => {
  const x = engine.tensor([1]);
  const unknown = engine.tensor([0], [1, 1]);
  const z = root((y, given) => y.sub(given).add(y.mul(y).mul(y)), { unknown, inputs: [x], ...LIMITED });
  const found = await z.solve.gradientInterval(engine.tensor([1], [1, 1]));
  expect(found).toMatchObject({ low: -Infinity, high: Infinity, exact: false, argument: 'unbounded' });
  const { inputs } = SOLVES.lasso();
  const solution = lasso({ X: inputs[0], y: inputs[1], logLambda: -2, solver: 'ista', ...LIMITED });
  const ranges = await solution.gradientInterval(engine.tensor([1, 1, 1, 1, 1, 1], [2, 3]));
  expect(ranges.map(({ low, high }) => [low, high])).toEqual([
    [0, 0],
    [-Infinity, Infinity],
  ]);
});

test('a solution that overflows is unknown', async () => {
  const A = engine.tensor([1e-200, 0], [2, 1]);
  const { report, certificate } = weightedLeastSquares(A, engine.tensor([1e200, 0]), { onFailure: 'report' });
  expect((await report).samples[0].status).toBe('diverged');
  expect((await certificate()).status).toBe('unknown');
});

test('equilibra solve says so beside an exit code of 3', async () => {
  vi.spyOn(console, 'warn').mockImplementation(() => {});
  const problem = {
    ...{ kind: 'convolution', tiers: [{ channels: 1, torus: [2, 2] }], kernel: 1, activation: 'relu' },
    ...{ A: [[[[[1]]]]], B: [[[[[1]]]]], g: [800], h: [0], m: 1, b: [1e308, 1, 1, 1], v: [1, 1, 1, 1] },
  };
  const { code, answer } = await solveByCommand<MonotoneAnswer>(problem);
  expect([code, answer.report.status, answer.certificate.status]).toEqual([3, ['diverged'], 'unknown']);
});
