/** The advice that a ConvergenceError gives, which depends on why samples were not solved. */
import type { SampleReport, SolveReport } from '../solvers/report.ts';

/** The advice that a problem has on its own failures, in sentences. */
export interface OwnAdvice {
  /** The advice on its forward solve; undefined where the general advice is as good. */
  readonly forward?: (report: SolveReport, worst: SampleReport) => Promise<string | undefined> | string | undefined;
  /** The advice on linear solves whose matrix is singular: what this means, and what helps. */
  readonly singular?: string;
}

const REPORT = 'or ask for the report';

const SINGULAR =
  'the solution need not have a derivative there: certify() tells. Change the equation or its inputs; more iterations and a looser tolerance do not help';

/**
 * The advice on a solve that failed.
 * @param worst the sample with the greatest residual of those that were not solved
 */
export async function adviceFor(
  direction: 'forward' | 'backward' | 'tangent',
  report: SolveReport,
  worst: SampleReport,
  own: OwnAdvice = {},
): Promise<string> {
  const { cause, singularValueBound: bound } = worst;
  const isForward = direction === 'forward';
  const [limit, tolerance] = isForward ? ['the limit', 'the tolerance'] : ['backwardLimit', 'backwardTolerance'];
  if (report.timedOut) {
    return `The time limit of ${report.timeLimit} ms ended the solve: raise timeLimit, loosen ${tolerance}, ${REPORT}`;
  }
  if (!isForward && (cause === 'start' || cause === 'divergence')) {
    return `The linear solve grew beyond all bounds, as repetition does where the matrix does not contract; a higher ${limit} or a looser ${tolerance} does not help: take another linearSolver`;
  }
  if (report.solver === 'neumann') {
    return `Raise ${limit} where JW contracts; where it does not, the series has no sum: take another linearSolver. Or loosen ${tolerance}, ${REPORT}`;
  }
  if (!isForward && cause !== 'limit') {
    const found =
      cause === 'singular' && bound !== undefined
        ? `to the precision (its least singular value is at most about ${bound.toExponential(1)})`
        : 'or nearly so, as it seems';
    return `The matrix of the linear solve is singular, ${found}: ${own.singular ?? SINGULAR}`;
  }
  const known = isForward && (await own.forward?.(report, worst));
  if (known) return known;
  const useless = `a higher limit or a looser tolerance does not help`;
  switch (cause) {
    case 'start':
      return `The residual is not finite, or beyond 1e30, already at the start, before any iteration, and ${useless}: start where the equation has moderate numbers, and look for very large numbers in its inputs`;
    case 'divergence':
      return `It grew beyond all bounds, where ${useless}: start nearer to the solution, take another solver, or look at the inputs for very large numbers`;
    case 'stagnation':
      return `The last iterations came no nearer, so that a higher limit does not help: start nearer to the solution, choose another solver, loosen ${tolerance}, ${REPORT}`;
    default:
      return `Raise ${limit}, loosen ${tolerance}, ${REPORT}`;
  }
}

/**
 * The advice on a forward solve of z = σ(Wz + b) that failed; undefined where the general advice is as good.
 * @param isRepetition whether the solver converges only where W contracts
 */
export function adviseOnMonotone({ cause }: SampleReport, isRepetition: boolean): string | undefined {
  if (cause === 'start' || cause === 'divergence') {
    const grows = isRepetition ? 'Repetition grows where W does not contract, and peaceman-rachford does not; or ' : '';
    return `${grows}W or b holds very large numbers, or W does not have the margin that was stated (monotonicityMargin finds the one it has): a higher limit or a looser tolerance does not help`;
  }
  if (!isRepetition) return undefined;
  return 'Raise the limit where W contracts; where it does not, repetition need not come to the solution, and peaceman-rachford does. Or loosen the tolerance, or ask for the report';
}
