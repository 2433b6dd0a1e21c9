/** One program that was solved, and what is derived from its solution, on the host, when it is first asked for. */
import type { Interruptible } from '../../backends/event-loop.ts';
import type { ProgramData, ProgramResult } from '../../solvers/programs/problem.ts';
import { evaluate } from '../../solvers/programs/residuals.ts';
import { classifyRows, type RowActivity, type RowSelection } from './active-rows.ts';
import { type ClearPivots, certifyByPivots, findClearActivity, type SampleSizes } from './clear-activity.ts';
import { createDerivative, type ProgramDerivative } from './derivative.ts';
import { certifyProgram, type ProgramCertificate } from './hypothesis.ts';
import { createUnsolvedCertificate } from './verdicts.ts';

/** How a sample was solved. */
export interface SampleOrigin {
  /** Makes the data of the program, when they are needed on the host. */
  readonly data: () => ProgramData;
  /** m */
  readonly l: Float64Array;
  /** m */
  readonly u: Float64Array;
  /** The precision of the data, which decides about ranks. */
  readonly epsilon: number;
  /** The precision of the solution, which decides about kinks. */
  readonly accuracy: number;
  /** Measures the data beside x, for a polished solution. */
  readonly measure?: (x: Float64Array) => SampleSizes;
  /** Whether x and y solve the equality-constrained program of the active rows, so that y is 0 on all others. */
  readonly isPolished: boolean;
  /** Whether the objective of the result is in float64. */
  readonly isObjectiveExact: boolean;
}

export class SolvedSample {
  private made: ProgramData | undefined;
  private activity: RowActivity | undefined;
  private pivots: ClearPivots | undefined;
  private certificate: ProgramCertificate | undefined;
  /** By the shares of the kinks. Large batches have many samples, most of which need no derivative on the host. */
  private derivatives: Map<string, ProgramDerivative> | undefined;

  constructor(
    readonly result: ProgramResult,
    private readonly origin: SampleOrigin,
  ) {}

  get data(): ProgramData {
    this.made ??= this.origin.data();
    return this.made;
  }

  /** ½xᵀPx + qᵀx */
  get objective(): number {
    const { result, origin } = this;
    return origin.isObjectiveExact ? result.objective : evaluate(this.data, result.x, result.y).objective;
  }

  /** Whether there is a solution that can be differentiated. */
  get isSolved(): boolean {
    return this.result.status === 'converged' || this.result.status === 'stalled';
  }

  /** Whether there are numbers to return: the solution, or the best that was found when the solve ended early. */
  get hasNumbers(): boolean {
    return this.isSolved || this.result.status === 'limit';
  }

  /** x, y and z. */
  get parts(): readonly [Float64Array, Float64Array, Float64Array] {
    const { x, y, z } = this.result;
    return [x, y, z];
  }

  /** Which rows are active at the solution. */
  *classify(): Interruptible<RowActivity> {
    const { accuracy, epsilon } = this.origin;
    this.activity ??= this.classifyClearly() ?? {
      ...(yield* classifyRows(this.data, this.result, accuracy)),
      accuracy: epsilon,
    };
    return this.activity;
  }

  /** The same, where no row is near to a kink and nothing has to be computed; else undefined. */
  classifyClearly(): RowActivity | undefined {
    const { epsilon, isPolished, measure } = this.origin;
    if (!this.activity && isPolished && measure) {
      this.activity = findClearActivity(this.result, this.origin, measure(this.result.x), epsilon);
    }
    return this.activity;
  }

  /** Lets the certificate rest on the pivots of a factorisation at the active rows, where these leave no doubt. */
  usePivots(pivots: ClearPivots): void {
    this.pivots ??= pivots;
  }

  *certify(): Interruptible<ProgramCertificate> {
    if (!this.isSolved) return createUnsolvedCertificate(this.result.status);
    const activity = yield* this.classify();
    this.certificate ??= this.pivots && certifyByPivots(activity, this.pivots);
    this.certificate ??= yield* certifyProgram(this.data, activity);
    return this.certificate;
  }

  /** @param selection of weakly active rows */
  *differentiate(selection: RowSelection): Interruptible<ProgramDerivative> {
    const activity = yield* this.classify();
    const key = Array.from(activity.kinks, (row) =>
      typeof selection === 'number' ? selection : selection[row],
    ).join();
    this.derivatives ??= new Map();
    let derivative = this.derivatives.get(key);
    if (!derivative) {
      derivative = yield* createDerivative(this.data, activity.solution, activity, selection);
      this.derivatives.set(key, derivative);
    }
    return derivative;
  }
}
