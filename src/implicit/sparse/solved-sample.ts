/** One sparse model that was solved, and what is derived from its solution when it is first asked for. */
import type { Interruptible } from '../../backends/event-loop.ts';
import type { SparseProblem } from '../../solvers/sparse/problem.ts';
import { type SparseResult, solveSparse } from '../../solvers/sparse/solve.ts';
import { type ActiveGroups, findActiveGroups, type SparsePoint } from './active-groups.ts';
import { SparseDerivative } from './derivative.ts';
import { certifySparse, type SparseSampleCertificate } from './hypothesis.ts';
import { type SparseInterval, sparseInterval } from './interval.ts';

/** What else is known of a sample. */
export interface SampleOrigin {
  readonly lambda: number;
  /** The precision in which the data were given. */
  readonly epsilon: number;
  readonly kinkTolerance: number;
}

/**
 * Before anything is derived from a solution it is brought to the floor of rounding, where that is possible: groups stop
 * anywhere near their kinks, as far as the tolerance times a condition number, which hides them.
 */
const REFINEMENT = { tolerance: 0, limit: 60 };

/** q of the groups at a kink: one number for all, or one for each group of the model. */
export type GroupSelection = number | ArrayLike<number>;

export class SolvedSample {
  private active: ActiveGroups | undefined;
  private refined: SparsePoint | undefined;
  private certificate: SparseSampleCertificate | undefined;
  private readonly derivatives = new Map<string, SparseDerivative>();

  constructor(
    readonly problem: SparseProblem,
    readonly result: SparseResult,
    private readonly origin: SampleOrigin,
  ) {}

  get isSolved(): boolean {
    return this.result.status === 'converged';
  }

  /** Where the refined solution stands. */
  *examine(): Interruptible<{ readonly point: SparsePoint; readonly active: ActiveGroups }> {
    const { problem, origin, result } = this;
    if (!this.refined) {
      const isFine = result.residual <= result.floor;
      const found = isFine ? result : yield* solveSparse(problem, { ...REFINEMENT, initial: result.beta });
      const { beta, gradient } = found.residual < result.residual ? found : result;
      this.refined = { problem, beta, gradient };
    }
    this.active ??= findActiveGroups(this.refined, origin.kinkTolerance);
    return { point: this.refined, active: this.active };
  }

  *certify(): Interruptible<SparseSampleCertificate> {
    if (!this.isSolved) return { ...UNSOLVED, reason: `the model was not solved: ${this.result.status}` };
    if (!this.certificate) {
      const { point, active } = yield* this.examine();
      this.certificate = yield* certifySparse(point, active, this.origin.epsilon);
    }
    return this.certificate;
  }

  get kinks(): ActiveGroups['kinks'] {
    return this.active?.kinks ?? [];
  }

  *differentiate(selection: GroupSelection): Interruptible<SparseDerivative> {
    const { point, active } = yield* this.examine();
    const shares = active.kinks.map(({ group }) => (typeof selection === 'number' ? selection : selection[group]));
    const key = shares.join();
    let derivative = this.derivatives.get(key);
    if (!derivative) {
      derivative = yield* SparseDerivative.at(point, this.origin.lambda, active, shares);
      this.derivatives.set(key, derivative);
    }
    return derivative;
  }

  *interval(cotangent: ArrayLike<number>): Interruptible<SparseInterval> {
    const { status } = yield* this.certify();
    const { point, active } = yield* this.examine();
    return yield* sparseInterval(point, this.origin.lambda, active, status === 'certified', cotangent);
  }
}

const UNSOLVED: Omit<SparseSampleCertificate, 'reason'> = {
  status: 'unknown',
  argument: 'not examined',
  kinks: 0,
  kinkTolerance: 0,
  nearlySingular: false,
  support: [],
  equicorrelation: [],
};
