/**
 * Turns the summary of a solve into its report, and its outputs into tensors that cannot be read where the solve
 * failed.
 */
import {
  ConvergenceError,
  isByRounding,
  isSolved,
  type SampleReport,
  type SolveReport,
  sampleReports,
  worstOf,
} from '../solvers/report.ts';
import type { Engine } from '../tensor/engine.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { OwnAdvice } from './advice.ts';
import {
  certificateOf,
  type ImplicitCertificate,
  type Known,
  type LinearReport,
  makeSampleCertificate,
} from './certificate.ts';
import { countKinks, type KinkCounts, type MarkedOperation, type OperationKink, readKinks } from './kinks.ts';
import { type LimitedRun, unlessAborted } from './run-limits.ts';
import { readSummary, type Summary } from './summary.ts';

/** The direction of a linear solve: backward for a gradient, tangent for a tangent. */
export type LinearDirection = 'backward' | 'tangent';

/** One solve of one solution, as its report describes it. */
export interface Reported {
  /** The public function that was called, for messages. */
  readonly what: string;
  readonly direction: 'forward' | LinearDirection;
  /** The operand that may hold numbers that are not finite, for messages: such as 'W or b'. */
  readonly given: string;
  /** The name of the solver. */
  readonly solver: string;
  readonly tolerance: number;
  readonly advice?: OwnAdvice;
  /** throw: reading anything that depends on a failed solve rejects. report: only the report shows the failure. */
  readonly onFailure: 'throw' | 'report';
  /**
   * Whether the residual bounds the error, because enough is known of the matrix. Where it rejects, so does the report.
   */
  readonly isBounded: () => boolean | Promise<boolean>;
  /** The units of the floor in the bound of an error: see `roundingUnits`. */
  readonly rounding: number;
  /** What may have ended the solve early. */
  readonly run: LimitedRun;
  /** The problem's own error for a solve that failed, in place of a ConvergenceError; undefined where it has none. */
  readonly failure?: (report: SolveReport) => Error | undefined;
}

/** Where the rounding of a linear solve, relative to v, reaches this, the matrix is singular to the precision. */
const ALL_ROUNDING = 0.1;

/** Reads the summary of a forward solve, and frees it. @param since the start of the solve, by performance.now() */
export async function readReport(
  engine: Engine,
  reported: Reported,
  summary: Tensor,
  since: number,
): Promise<SolveReport> {
  const read = readSolve(engine, reported, summary, since);
  return (await unlessAborted(read, reported.run.signal)).report;
}

/** The result of a linear solve, on the device. */
export interface LinearResult {
  /** The gradients, or the tangent. They must not be read before the report. */
  readonly tensors: readonly Tensor[];
  readonly summary: Tensor;
  readonly marked: readonly MarkedOperation[];
}

/** What was read back from a linear solve. */
export interface LinearRead {
  readonly report: SolveReport;
  /** The counts of each sample, as in SampleCertificate. */
  readonly places: readonly KinkCounts[];
  readonly kinks: readonly OperationKink[];
  /** A bound of ‖∂f/∂z‖; infinite, or 2¹²⁶, where the solve found none. */
  readonly normBound: number;
}

/** The certificate of a linear solve. @param known what is known of every sample alike */
export function certificateOfSolve({ report, places, kinks }: LinearRead, known: Known): ImplicitCertificate {
  const samples = report.samples.map((sample, index) => makeSampleCertificate(known, sample, places[index]));
  return certificateOf(samples, kinks);
}

/**
 * Reads the summary of a linear solve, and its kinks where the summary counts some; frees both.
 * @param certified makes the certificate
 */
export function readLinearReport(
  engine: Engine,
  reported: Reported,
  outcome: Omit<LinearResult, 'tensors'>,
  since: number,
  certified: (read: LinearRead) => Promise<ImplicitCertificate>,
): Promise<LinearReport> {
  const read = engine.trackRead(readLinear(engine, reported, outcome, since));
  const told = read.then(async (found) => ({ ...found.report, certificate: await certified(found) }));
  return unlessAborted(told, reported.run.signal);
}

async function readLinear(
  engine: Engine,
  reported: Reported,
  { summary, marked }: Omit<LinearResult, 'tensors'>,
  since: number,
): Promise<LinearRead> {
  // The marks may be read after the end of the call that made them.
  const held = marked.map((operation) => ({ ...operation, marks: engine.keepAlias(operation.marks) }));
  for (const { marks } of marked) marks.dispose();
  let reading: ReturnType<typeof readKinks> | undefined;
  let solve: Awaited<ReturnType<typeof readSolve>>;
  let places: readonly KinkCounts[];
  try {
    solve = await readSolve(engine, reported, summary, since);
    const { samples } = solve.report;
    const { near, doubtful, kinkTolerance } = solve.read;
    places = samples.map((_, index) =>
      countKinks(held, { near: near[index], doubtful: doubtful[index], kinkTolerance: kinkTolerance[index] }),
    );
    if (places.some(({ kinks }) => kinks > 0)) reading = readKinks(held, places);
  } finally {
    for (const { marks } of held) marks.dispose();
  }
  const { report, read } = solve;
  return { report, places, kinks: (await reading) ?? [], normBound: read.normBound[0] };
}

async function readSolve(
  engine: Engine,
  { what, direction, given, solver, tolerance, isBounded, rounding, run }: Reported,
  summary: Tensor,
  since: number,
): Promise<{ report: SolveReport; read: Summary }> {
  const values = summary.data();
  summary.dispose();
  const read = readSummary(await values);
  const bad = read.notFinite.findIndex((count) => count > 0);
  if (bad >= 0) {
    throw new RangeError(
      `${what}, ${direction}: ${given}, sample ${bad}, holds NaN or an infinity; every number must be finite`,
    );
  }
  const samples = sampleReports(read, tolerance, rounding).map(
    (sample): SampleReport =>
      direction !== 'forward' && sample.floor >= ALL_ROUNDING && isByRounding(sample)
        ? { ...sample, status: 'limit', cause: 'singular' }
        : sample,
  );
  const report = {
    solver,
    backend: engine.backend,
    milliseconds: performance.now() - since,
    tolerance,
    timedOut: run.isOutOfTime && !samples.every(isSolved),
    ...(run.timeLimit !== undefined && { timeLimit: run.timeLimit }),
    samples: (await isBounded()) ? samples : samples.map((sample) => ({ ...sample, errorBound: Number.NaN })),
  };
  return { report, read };
}

/**
 * Tensors with the same numbers as the given ones. Reading one awaits the report, and rejects where a sample was not
 * solved or the signal is aborted.
 */
export function guardOutputs(
  engine: Engine,
  { what, direction, onFailure, failure, advice, run: { signal } }: Reported,
  tensors: readonly Tensor[],
  report: Promise<SolveReport>,
): Tensor[] {
  report.catch(() => {}); // reported where the report or a tensor is awaited
  if (onFailure === 'report') {
    if (!signal) return [...tensors];
    const isOver = report.then(
      () => {},
      () => signal.throwIfAborted(),
    );
    return awaitingEach(engine, tensors, isOver);
  }
  const failed = async (found: SolveReport): Promise<never> => {
    const { adviceFor } = await import('./advice.ts');
    const helps = await adviceFor(direction, found, worstOf(found), advice);
    throw new ConvergenceError(`${what}, ${direction}`, found, helps);
  };
  const verdict = report.then((found): Promise<never> | undefined => {
    const reason = failure?.(found);
    if (reason) throw reason;
    return found.samples.every(isSolved) ? undefined : failed(found);
  });
  return awaitingEach(engine, tensors, verdict);
}

/** A tensor with the same numbers, whose reading also awaits the promise. Frees the given tensor. */
export function withAwaited(engine: Engine, tensor: Tensor, promise: Promise<void>): Tensor {
  const checked = engine.attachPromise(tensor, promise);
  tensor.dispose();
  return checked;
}

/** `withAwaited` for several tensors, with one check: what is computed from several of them awaits it once. */
function awaitingEach(engine: Engine, tensors: readonly Tensor[], promise: Promise<void>): Tensor[] {
  const check = engine.createCheck(promise);
  return tensors.map((tensor) => {
    const checked = engine.attachCheck(tensor, check);
    tensor.dispose();
    return checked;
  });
}
