/** One cone program that was solved, and what is derived from its solution, on the host, when it is first asked for. */
import type { Interruptible } from '../../backends/event-loop.ts';
import type { ConeData, ConePoint, ConeResult } from '../../solvers/cones/problem.ts';
import { solveConeProgram } from '../../solvers/cones/solve.ts';
import { createUnsolvedCertificate } from '../programs/verdicts.ts';
import type { ConeActivities, ConeSelection } from './activity.ts';
import { type ConePivots, certifyByPivots } from './clear-certificate.ts';
import { type ConeDerivative, createConeDerivative } from './derivative.ts';
import { findActivities } from './find-activities.ts';
import { type ConeCertificate, certifyConeProgram } from './hypothesis.ts';

/** How a program was solved. */
export interface ConeOrigin {
  /** Makes the data of the program, when they are needed on the host. */
  readonly data: () => ConeData;
  /** The precision of the data, which decides about ranks. */
  readonly epsilon: number;
  /** Whether the solution is in float64; else it is brought to that before anything is derived from it. */
  readonly isExact: boolean;
  /** Whether a kernel found the solution, and it lies on the device. */
  readonly isFromKernel?: boolean;
}

/** The refinement of a solution that the device found. */
const REFINEMENT = { absolute: 1e-12, relative: 1e-12, limit: 2000 };

export class SolvedCone {
  private made: ConeData | undefined;
  private activities: ConeActivities | undefined;
  private certificate: ConeCertificate | undefined;
  private pivots: ConePivots | undefined;
  /** By the shares of the kinks. */
  private readonly derivatives = new Map<string, ConeDerivative>();

  constructor(
    readonly result: ConeResult,
    private readonly origin: ConeOrigin,
  ) {}

  get data(): ConeData {
    this.made ??= this.origin.data();
    return this.made;
  }

  get isFromKernel(): boolean {
    return this.origin.isFromKernel === true;
  }

  /** x, y and s. */
  get parts(): readonly [Float64Array, Float64Array, Float64Array] {
    const { x, y, s } = this.result;
    return [x, y, s];
  }

  /** Whether there is a solution that can be differentiated. */
  get isSolved(): boolean {
    return this.result.status === 'converged' || this.result.status === 'stalled';
  }

  /** Whether there are numbers to return: the solution, or the best that was found when the solve ended early. */
  get hasNumbers(): boolean {
    return this.isSolved || this.result.status === 'limit';
  }

  /** Where the solution stands: its kinks, and J. */
  *examine(): Interruptible<ConeActivities> {
    this.activities ??= yield* findActivities(this.data, yield* this.refine(), this.origin.epsilon);
    return this.activities;
  }

  /** Lets the certificate rest on the factorisations of a kernel, where these leave no doubt. */
  usePivots(pivots: ConePivots): void {
    this.pivots ??= pivots;
  }

  *certify(): Interruptible<ConeCertificate> {
    if (!this.isSolved) return createUnsolvedCertificate(this.result.status);
    this.certificate ??= this.pivots && certifyByPivots(this.pivots, this.origin.epsilon);
    if (this.certificate) return this.certificate;
    const activities = yield* this.examine();
    this.certificate ??= yield* certifyConeProgram(this.data, activities);
    return this.certificate;
  }

  /** @param selection at kinks */
  *differentiate(selection: ConeSelection, leastNorm: boolean): Interruptible<ConeDerivative> {
    const { likely } = yield* this.examine();
    const shares = likely.kinks.map(({ row }) => (typeof selection === 'number' ? selection : selection[row]));
    const key = `${leastNorm} ${shares.join()}`;
    let derivative = this.derivatives.get(key);
    if (!derivative) {
      derivative = yield* createConeDerivative(this.data, likely, { selection, leastNorm });
      this.derivatives.set(key, derivative);
    }
    return derivative;
  }

  private *refine(): Interruptible<ConePoint> {
    const { result, origin } = this;
    if (origin.isExact) return result;
    const refined = yield* solveConeProgram(this.data, { ...REFINEMENT, initial: result });
    return refined.status === 'converged' || refined.status === 'stalled' ? refined : result;
  }
}
