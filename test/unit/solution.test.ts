/** The course of an implicit solution, for a problem with several outputs and its own reasons for failing. */
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CustomOperation } from '../../src/autodiff/custom.ts';
import { Tape } from '../../src/autodiff/tape.ts';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { certificateOf, type ImplicitCertificate } from '../../src/implicit/certificate.ts';
import { CertificateError, type FailurePolicy } from '../../src/implicit/failure-policy.ts';
import { certificateOfSolve } from '../../src/implicit/reporting.ts';
import { RunLimits } from '../../src/implicit/run-limits.ts';
import { Course, type CourseProblem } from '../../src/implicit/solution.ts';
import { SUMMARY_ROWS } from '../../src/implicit/summary.ts';
import { ConvergenceError, type SolveReport } from '../../src/solvers/report.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { recordOperation } from '../../src/tensor/operations.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

const engine = new Engine(openCPU());
afterAll(() => engine.close());

const UNKNOWN = { status: 'unknown', argument: 'not examined', reason: 'nobody looked' } as const;

function problemWith(own: Partial<CourseProblem>, settings: Partial<CourseProblem['settings']> = {}): CourseProblem {
  return {
    engine,
    what: 'toy',
    given: 'b',
    solver: 'by-hand',
    linearSolver: 'by-eye',
    isBounded: () => true,
    hypothesis: { ofSolve: async (read) => certificateOfSolve(read, UNKNOWN) },
    settings: {
      tolerance: 1e-3,
      backwardTolerance: 1e-2,
      onFailure: 'throw',
      onFailedCertificate: 'warn',
      limits: new RunLimits({}),
      ...settings,
    },
    ...own,
  };
}

/** A summary [10, batch] with these residuals. */
function summaryOf(
  residuals: readonly number[],
  rows: Partial<Record<(typeof SUMMARY_ROWS)[number], number>> = {},
): Tensor {
  const values = SUMMARY_ROWS.flatMap((name) =>
    residuals.map((residual) => (name === 'residual' ? residual : (rows[name] ?? 0))),
  );
  return engine.tensor(values, [SUMMARY_ROWS.length, residuals.length]);
}

const plain = async (report: SolveReport): Promise<SolveReport> => report;
const linearOf =
  (residual: number, rows = {}) =>
  () => ({
    summary: summaryOf([residual], rows),
    marked: [],
    tensors: [engine.tensor([1, 2], [2])],
  });

describe('the outputs', () => {
  const outputs = () => [engine.tensor([1, 2], [2]), engine.tensor([3], [1])];

  test('are read once the report says that every sample was solved', async () => {
    const course = new Course(problemWith({}));
    const { report, outputs: read } = course.completeForward(summaryOf([0, 1e-4]), outputs(), async (found) => ({
      ...found,
      gap: 7,
    }));
    expect(await Promise.all(read.map(async (tensor) => Array.from(await tensor.data())))).toEqual([[1, 2], [3]]);
    expect(await report).toMatchObject({ solver: 'by-hand', tolerance: 1e-3, gap: 7 });
  });

  test('all reject with the problem’s own reason, if it has one', async () => {
    class Infeasible extends Error {}
    const failure = ({ samples }: SolveReport) => (samples[1].residual > 0.5 ? new Infeasible('no x') : undefined);
    const course = new Course(problemWith({ failure }));
    const { report, outputs: read } = course.completeForward(summaryOf([0, 1]), outputs(), plain);
    for (const tensor of read) await expect(tensor.data()).rejects.toThrow(Infeasible);
    expect((await report).samples[1].residual).toBe(1);
    const other = new Course(problemWith({ failure })).completeForward(summaryOf([0, 0.1]), outputs(), plain);
    for (const tensor of other.outputs) await expect(tensor.data()).rejects.toThrow(ConvergenceError);
  });

  test('are returned as they are where failures are only reported', async () => {
    const failure = () => new Error('no x');
    const course = new Course(problemWith({ failure }, { onFailure: 'report' }));
    const { outputs: read } = course.completeForward(summaryOf([1]), outputs(), plain);
    expect(Array.from(await read[0].data())).toEqual([1, 2]);
  });

  test('are parts of one row, and one linear solve computes their gradient', async () => {
    const course = new Course(problemWith({}));
    const tape = new Tape();
    const b = tape.watch(engine.tensor([1, 2, 3], [1, 3]));
    const [row] = course.completeForward(summaryOf([0]), [engine.tensor([2, 4, 6], [1, 3])], plain).outputs;
    const operation: CustomOperation = {
      pullback: (cotangent) =>
        course.runLinear('backward', () => ({ summary: summaryOf([0]), marked: [], tensors: [cotangent.mul(2)] })),
    };
    recordOperation('custom', [b], row, operation);
    const [x, y, s] = [0, 1, 2].map((start) => row.slice([0, start], [1, 1]));
    const loss = x.mul(5).add(y.mul(7)).add(s.mul(11));
    const [gradient] = tape.pullback(loss, [b], engine.tensor([1], [1, 1]));
    expect(Array.from(await gradient.data())).toEqual([10, 14, 22]);
    expect(course.backwardReports).toHaveLength(1);
  });
});

describe('the linear solves', () => {
  let warn: ReturnType<typeof vi.spyOn>;
  beforeEach(() => {
    warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  });
  afterEach(() => warn.mockRestore());

  const verdictOf = (status: ImplicitCertificate['status']): ImplicitCertificate =>
    certificateOf([{ ...UNKNOWN, status, kinks: 0, kinkTolerance: 0, nearlySingular: false }], []);
  const courseWith = (onFailedCertificate: FailurePolicy, closer?: () => Promise<ImplicitCertificate>) =>
    new Course(
      problemWith(
        { hypothesis: { ofSolve: async (read) => certificateOfSolve(read, UNKNOWN), closer } },
        { onFailedCertificate },
      ),
    );

  test('are reported in their order, each with its certificate', async () => {
    const course = courseWith('warn');
    course.runLinear('backward', linearOf(0));
    course.runLinear('tangent', linearOf(1e-3));
    const [first, second] = await Promise.all(course.backwardReports);
    expect(first).toMatchObject({ solver: 'by-eye', tolerance: 1e-2, certificate: { reason: 'nobody looked' } });
    expect([first, second].map(({ samples }) => samples[0].residual)).toEqual([0, 1e-3]);
  });

  test('reject where they failed', async () => {
    const [gradient] = courseWith('warn').runLinear('backward', linearOf(0.5));
    await expect(gradient.data()).rejects.toThrow('toy, backward: 1 of 1 samples did not converge with by-eye');
  });

  test.each(['throw', 'warn', 'ignore'] as const)('%s, where the closer look fails', async (policy) => {
    const closer = vi.fn(async () => verdictOf('failed'));
    const course = courseWith(policy, closer);
    const gradients = [0, 1].flatMap(() => course.runLinear('backward', linearOf(0)));
    for (const gradient of gradients) {
      const reading = gradient.data();
      if (policy === 'throw') await expect(reading).rejects.toThrow(CertificateError);
      else expect(Array.from(await reading)).toEqual([1, 2]);
    }
    expect(closer).toHaveBeenCalledTimes(1);
    expect(warn).toHaveBeenCalledTimes(policy === 'warn' ? 1 : 0);
  });

  test.each(['throw', 'warn', 'ignore'] as const)('%s, where a solve is nearly singular', async (policy) => {
    const course = courseWith(policy);
    const gradients = [0, 1].flatMap(() => course.runLinear('backward', linearOf(1e-3, { floor: 5e-3 })));
    for (const gradient of gradients) await gradient.data();
    await Promise.all(course.backwardReports);
    expect(warn).toHaveBeenCalledTimes(policy === 'ignore' ? 0 : 1);
  });
});
