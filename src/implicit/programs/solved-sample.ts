/** One program that was solved on the host, and what is derived from its solution when it is first asked for. */
import type { Interruptible } from '../../backends/event-loop.ts';
import type { ProgramData, ProgramResult } from '../../solvers/programs/problem.ts';
import { classifyRows, type RowActivity, type RowSelection } from './active-rows.ts';
import { createDerivative, type ProgramDerivative } from './derivative.ts';
import { certifyProgram, type ProgramCertificate } from './hypothesis.ts';

export class SolvedSample {
  private activity: RowActivity | undefined;
  private certificate: ProgramCertificate | undefined;
  private readonly derivatives = new Map<string, ProgramDerivative>();

  /** @param epsilon the precision of the data */
  constructor(
    readonly data: ProgramData,
    readonly result: ProgramResult,
    private readonly epsilon: number,
  ) {}

  /** Whether there is a solution that can be differentiated. */
  get isSolved(): boolean {
    return this.result.status === 'converged' || this.result.status === 'stalled';
  }

  /** Whether there are numbers to return: the solution, or the best that was found when the solve ended early. */
  get hasNumbers(): boolean {
    return this.isSolved || this.result.status === 'limit';
  }

  /** Which rows are active at the solution. */
  *classify(): Interruptible<RowActivity> {
    this.activity ??= yield* classifyRows(this.data, this.result, this.epsilon);
    return this.activity;
  }

  *certify(): Interruptible<ProgramCertificate> {
    if (!this.isSolved) return unsolved(this.result);
    this.certificate ??= yield* certifyProgram(this.data, yield* this.classify());
    return this.certificate;
  }

  /** @param selection of weakly active rows */
  *differentiate(selection: RowSelection): Interruptible<ProgramDerivative> {
    const activity = yield* this.classify();
    const key =
      typeof selection === 'number' ? String(selection) : Array.from(activity.kinks, (row) => selection[row]).join();
    let derivative = this.derivatives.get(key);
    if (!derivative) {
      derivative = yield* createDerivative(this.data, activity.solution, activity, selection);
      this.derivatives.set(key, derivative);
    }
    return derivative;
  }
}

/** The certificate of a program without a solution. */
function unsolved({ status }: ProgramResult): ProgramCertificate {
  return {
    status: 'unknown',
    argument: 'not examined',
    reason: `the program was not solved (${status}), so that there is nothing to differentiate`,
    kinks: 0,
    kinkTolerance: 0,
    nearlySingular: false,
    smallest: { rows: Number.NaN, primal: Number.NaN },
    kinkRows: [],
  };
}
