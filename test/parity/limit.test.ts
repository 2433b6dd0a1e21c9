/** `limit` and `backwardLimit` are totals: no sample makes more iterations, whatever the solver and its rounds. */
import { afterAll, describe, expect, test } from 'vitest';
import { Tape } from '../../src/autodiff/tape.ts';
import { HOST_BACKENDS } from '../../src/backends/kernels.ts';
import {
  type BackendName,
  fixedPoint,
  type LassoOptions,
  lasso,
  monotoneFixedPoint,
  root,
  type SolveReport,
  type Tensor,
} from '../../src/index.ts';
import {
  FORWARD_SOLVERS,
  type ForwardSolverName,
  GENERAL_SOLVERS,
  type GeneralSolverName,
  LINEAR_SOLVERS,
  type LinearSolverName,
} from '../../src/solvers/index.ts';
import { engineOn } from '../support/engines.ts';
import { monotoneProblem, normals } from '../support/numbers.ts';

/** No solver meets this tolerance, so that each continues until it must stop. */
const UNREACHABLE = 1e-30;
const LIMITS: Partial<Record<BackendName, readonly number[]>> = { cpu: [1, 2, 3, 5, 23], wasm: [1, 2, 5, 23] };

/** Checks the reported iterations at each limit: none exceeds it, and some samples reach it. */
async function expectTotals(backend: BackendName, reportAt: (limit: number) => Promise<SolveReport>): Promise<void> {
  for (const limit of LIMITS[backend] ?? [1, 17]) {
    const { samples, solver } = await reportAt(limit);
    const counts = samples.map(({ iterations }) => iterations);
    expect(Math.max(...counts), `${solver} with limit ${limit}`).toBeLessThanOrEqual(limit);
    expect(Math.min(...counts), `${solver} with limit ${limit}`).toBeGreaterThan(0);
  }
}

describe.each<BackendName>(['cpu', 'wasm', 'webgpu', 'gpujs'])('on %s', (backend) => {
  const { engine, close } = engineOn(backend);
  afterAll(close);
  const { n, batch, W, b, v, margin } = monotoneProblem(5, 3, 11);

  const monotone = async (options: object): Promise<[SolveReport, SolveReport]> => {
    const opened = await engine();
    const tape = new Tape();
    const [weights, bias] = [opened.tensor(W, [n, n]), tape.watch(opened.tensor(b, [batch, n]))];
    const given = {
      activation: 'tanh',
      margin,
      onFailure: 'report',
      onFailedCertificate: 'ignore',
      ...options,
    } as const;
    const solution = monotoneFixedPoint(weights, bias, given);
    tape.pullback(solution.z, [bias], opened.tensor(v, [batch, n]));
    return [await solution.report, await solution.backwardReports[0]];
  };

  test.each(Object.keys(FORWARD_SOLVERS) as ForwardSolverName[])('the forward solve by %s', (solver) =>
    expectTotals(
      backend,
      async (limit) => (await monotone({ solver, tolerance: UNREACHABLE, backwardTolerance: 1e-2, limit }))[0],
    ),
  );

  test.each(Object.keys(LINEAR_SOLVERS) as LinearSolverName[])('the backward solve by %s', (linearSolver) =>
    expectTotals(backend, async (limit) => {
      return (await monotone({ linearSolver, backwardTolerance: UNREACHABLE, backwardLimit: limit }))[1];
    }),
  );

  const own = async (solve: typeof fixedPoint, options: object): Promise<[SolveReport, SolveReport]> => {
    const opened = await engine();
    const tape = new Tape();
    const x = tape.watch(opened.tensor([1, 2, -1, 0.5], [2, 2]));
    const given = {
      unknown: opened.tensor([0, 0, 0, 0], [2, 2]),
      inputs: [x],
      onFailure: 'report',
      ...options,
    } as const;
    const z = solve((y: Tensor, c: Tensor) => y.mul(0.9).tanh().add(c), given);
    tape.pullback(z, [x], opened.tensor([1, 1, 1, -1], [2, 2]));
    return [await z.solve.report, await z.solve.backwardReports[0]];
  };

  test.each(['anderson+newton-krylov', 'anderson', 'picard', 'picard+anderson', 'newton-krylov'] as const)(
    'fixedPoint by %s',
    (solver) =>
      expectTotals(backend, async (limit) => (await own(fixedPoint, { solver, tolerance: UNREACHABLE, limit }))[0]),
  );

  test.each(Object.keys(GENERAL_SOLVERS) as GeneralSolverName[])('the gradient of a root by %s', (linearSolver) =>
    expectTotals(backend, async (limit) => {
      const options = { linearSolver, backwardTolerance: UNREACHABLE, backwardLimit: limit };
      return (await own(root as typeof fixedPoint, options))[1];
    }),
  );

  const solvers = ['fista', 'ista', ...(HOST_BACKENDS.includes(backend) ? ['homotopy', 'coordinate-descent'] : [])];
  test.each(solvers as Required<LassoOptions>['solver'][])('the Lasso by %s', async (solver) => {
    const opened = await engine();
    const [rows, features] = [12, 8];
    const X = opened.tensor(normals(rows * features, 3), [rows, features]);
    const y = opened.tensor(normals(rows, 4), [rows]);
    await expectTotals(
      backend,
      async (limit) =>
        lasso({ X, y, logLambda: -6, solver, tolerance: UNREACHABLE, limit, onFailure: 'report' }).report,
    );
  });
});
