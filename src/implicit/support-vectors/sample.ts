/** One support vector machine that was solved, with its derivatives and its certificate. */
import { type Interruptible, runUninterrupted } from '../../backends/event-loop.ts';
import type { NodeDerivative, NodeExamination, NodeSample, NodeSelection } from '../declarative/node.ts';
import { type ActiveRows, findActiveRows } from './active-rows.ts';
import { SupportVectorDerivative, type SupportVectorOrigin } from './derivative.ts';
import { certifySupportVectors, type SupportVectorSampleCertificate } from './hypothesis.ts';
import { type SupportVectorInterval, supportVectorInterval } from './interval.ts';

/** What belongs to the batch. */
interface Surroundings {
  readonly tolerance: number;
  readonly kinkTolerance: number;
  /** ε of the backend. */
  readonly epsilon: number;
}

export class SupportVectorSample implements NodeSample<SupportVectorSampleCertificate> {
  /** w, b and α side by side. */
  readonly row: Float64Array;
  readonly isSolved: boolean;
  readonly iterations: number;
  readonly residual: number;
  readonly floor: number;
  private readonly active: ActiveRows;
  private certificate: SupportVectorSampleCertificate | undefined;

  constructor(
    readonly origin: SupportVectorOrigin,
    private readonly surroundings: Surroundings,
  ) {
    const { w, b, alpha, iterations, residual, floor } = origin.result;
    this.row = Float64Array.of(...w, b, ...alpha);
    this.iterations = iterations;
    this.residual = residual;
    this.floor = floor;
    this.isSolved = residual <= Math.max(surroundings.tolerance, floor);
    this.active = findActiveRows(origin, surroundings.kinkTolerance);
  }

  differentiate(selection: NodeSelection): NodeDerivative {
    const shares = this.active.kinks.map(({ row }) => (typeof selection === 'number' ? selection : selection[row]));
    return new SupportVectorDerivative(this.origin, this.active, shares);
  }

  examine(): NodeExamination<SupportVectorSampleCertificate> {
    this.certificate ??= this.isSolved
      ? runUninterrupted(certifySupportVectors(this.origin, this.active, this.surroundings.epsilon))
      : UNSOLVED;
    const places = this.active.kinks.map(({ row, value, distance }) => ({ index: row, value, distance }));
    return { certificate: this.certificate, places };
  }

  *interval(cotangent: ArrayLike<number>): Interruptible<SupportVectorInterval> {
    const isCertified = this.examine().certificate.status === 'certified';
    return yield* supportVectorInterval(this.origin, this.active, isCertified, cotangent);
  }
}

const UNSOLVED: SupportVectorSampleCertificate = {
  status: 'unknown',
  argument: 'not examined',
  reason: 'the problem was not solved',
  kinks: 0,
  kinkTolerance: 0,
  nearlySingular: false,
  inside: [],
  atUpper: [],
  onMargin: [],
};
