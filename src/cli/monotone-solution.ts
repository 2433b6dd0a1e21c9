/** Solves a monotone problem on an engine and returns plain numbers. */
import { Tape } from '../autodiff/tape.ts';
import { runUninterrupted } from '../backends/event-loop.ts';
import { BY_EIGENVALUES } from '../implicit/matrix-margin.ts';
import { convolutionMapOf } from '../implicit/monotone-convolution.ts';
import { marginByConstruction } from '../implicit/parametrisation.ts';
import { computeCheckedMargin } from '../implicit/smallest-eigenvalue.ts';
import {
  type Engine,
  type ImplicitCertificate,
  type MonotoneSolution,
  monotoneFixedPoint,
  monotoneMatrix,
  type Scope,
  type SolveOptions,
  type SolveReport,
  type Tensor,
} from '../index.ts';
import type { LinearMap } from '../solvers/linear-map.ts';
import { matrixMap } from '../solvers/maps/matrix.ts';
import { type Matrix, type Nested, nest, nestRows } from './matrix.ts';
import type { MonotoneInput } from './monotone-problem.ts';
import { areSolved, createReportAnswer, type ReportAnswer } from './report-answer.ts';

/** The report with a bound on the error of each sample. */
interface BoundedReport extends ReportAnswer {
  readonly error_bound: readonly number[];
}

/**
 * The certificate of the library with the margin on which it rests. For each sample it has the tolerance within which a
 * coordinate counts as a kink, and the number of kinks that the precision could not decide.
 */
interface CertificateAnswer extends Pick<ImplicitCertificate, 'status' | 'argument' | 'kinks'> {
  readonly margin: number;
  readonly kinkTolerance: readonly number[];
  readonly unresolved: readonly number[];
}

/**
 * The solution z, batch × n. The gradients are those of Σ v∘z: absent without v, and for each of the others where the
 * problem has it. For a convolution those of A, B, g and h are lists with one entry for each tier.
 */
export interface MonotoneAnswer {
  readonly z: number[][];
  readonly grad_b?: number[][];
  readonly grad_W?: number[][];
  readonly grad_A?: Nested;
  readonly grad_B?: Nested;
  readonly grad_g?: Nested;
  readonly grad_h?: Nested;
  readonly grad_m?: number;
  readonly report: BoundedReport & { readonly backward?: BoundedReport };
  readonly certificate: CertificateAnswer;
}

/**
 * Solves the problem. `isSolved` says whether every z and every gradient was solved.
 * @throws RangeError where the given W is not monotone, or where the numbers overflow the backend's precision
 */
export function answerMonotone(
  engine: Engine,
  problem: MonotoneInput,
  options: Pick<SolveOptions, 'solver' | 'linearSolver' | 'tolerance' | 'limit'>,
): Promise<{ answer: MonotoneAnswer; isSolved: boolean }> {
  const { activation, selection } = problem;
  const margin = findMargin(problem);
  return engine.tidy(async (scope) => {
    const tape = new Tape();
    try {
      const b = tape.watch(createTensor(scope, problem.b));
      const { map, parameters } = createMap(scope, tape, problem, margin);
      // The selection is always passed on, so that the gradients belong to the kinks that are printed.
      const chosen = { ...options, activation, selection: selection ?? 0 };
      const solution = monotoneFixedPoint(map, b, { ...chosen, onFailure: 'report' });
      const gradients = problem.v
        ? await computeGradients(tape, solution.z, { b, ...parameters }, createTensor(scope, problem.v))
        : {};
      const z = nestRows(await solution.z.data(), problem.b.columns);
      const report = await readReport(solution);
      const { status, argument, kinks, samples } = await solution.certificate();
      const kinkTolerance = samples.map((sample) => sample.kinkTolerance);
      const unresolved = samples.map((sample) => sample.unresolved ?? 0);
      const certificate = { status, argument, margin, kinks, kinkTolerance, unresolved };
      return {
        answer: { z, ...gradients, report, certificate },
        isSolved: areSolved([...report.status, ...(report.backward?.status ?? [])]),
      };
    } finally {
      tape.dispose();
    }
  });
}

function findMargin({ weights }: MonotoneInput): number {
  return weights.kind === 'W' ? runUninterrupted(computeCheckedMargin(weights.W.values, weights.W.rows)) : weights.m;
}

function createTensor(scope: Scope, { values, rows, columns }: Matrix): Tensor {
  return scope.tensor(values, [rows, columns]);
}

/** Creates W and what it is made from. The tape follows all of them. */
function createMap(
  scope: Scope,
  tape: Tape,
  { weights }: MonotoneInput,
  margin: number,
): { map: LinearMap; parameters: Readonly<Record<string, Tensor>> } {
  const watch = (values: ArrayLike<number>, shape?: readonly number[]): Tensor =>
    tape.watch(scope.tensor(values, shape));
  if (weights.kind === 'W') {
    const W = tape.watch(createTensor(scope, weights.W));
    return { map: matrixMap(W, { value: margin, by: 'checked', reason: BY_EIGENVALUES }), parameters: { W } };
  }
  const m = watch([weights.m]);
  if (weights.kind === 'convolution') {
    const { channels, size, torus, g, h } = weights;
    const kernel = (values: Float64Array): Tensor => watch(values, [channels, channels, size, size]);
    const parameters = { A: kernel(weights.A), B: kernel(weights.B), g: watch([g]), h: watch([h]), m };
    return { map: convolutionMapOf(parameters, torus, margin), parameters };
  }
  const A = tape.watch(createTensor(scope, weights.A));
  const B = tape.watch(createTensor(scope, weights.B));
  const W = monotoneMatrix(A, B, m);
  return { map: matrixMap(W, marginByConstruction(margin)), parameters: { W, A, B, m } };
}

/** The gradients of an answer. */
type Gradients = Pick<MonotoneAnswer, Extract<keyof MonotoneAnswer, `grad_${string}`>>;

/** Computes the gradients of Σ v∘z. grad_b is batch × n, one gradient for each sample. */
async function computeGradients(
  tape: Tape,
  z: Tensor,
  inputs: Readonly<Record<string, Tensor>>,
  v: Tensor,
): Promise<Gradients> {
  const gradients = tape.pullback(z, Object.values(inputs), v);
  const named = Object.keys(inputs).map(async (name, index) => {
    const numbers = await gradients[index].data();
    return [`grad_${name}`, nest(numbers, shapeOfGradient(name, gradients[index].shape))];
  });
  return Object.fromEntries(await Promise.all(named));
}

/** m is a number; a kernel stands in a list with one entry for each tier. */
function shapeOfGradient(name: string, shape: readonly number[]): readonly number[] {
  if (name === 'm') return [];
  return shape.length === 4 ? [1, ...shape] : shape;
}

async function readReport({ report, backwardReports }: MonotoneSolution): Promise<MonotoneAnswer['report']> {
  const [forward, backward] = await Promise.all([report, ...backwardReports]);
  return { ...createBoundedReport(forward), ...(backward && { backward: createBoundedReport(backward) }) };
}

function createBoundedReport(report: SolveReport): BoundedReport {
  return { ...createReportAnswer(report), error_bound: report.samples.map(({ errorBound }) => errorBound) };
}
