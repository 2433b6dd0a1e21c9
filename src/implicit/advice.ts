/** The advice that a ConvergenceError gives, which depends on why samples were not solved. */
import type { SampleReport, SolveReport } from '../solvers/report.ts';

/** The advice that a problem has on its own failures, in sentences. */
export interface OwnAdvice {
  /** On its forward solve; undefined where the general advice is as good. */
  readonly forward?: (report: SolveReport) => Promise<string | undefined> | string | undefined;
  /** On linear solves whose matrix is singular: what this means, and what helps. */
  readonly singular?: string;
}

const REPORT = 'or ask for the report';

const SINGULAR =
  'the solution need not have a derivative there: certify() tells. Change the equation or its inputs; more iterations and a looser tolerance do not help';

/**
 * The advice on a solve that failed. Its third argument is the sample with the greatest residual of those that were not
 * solved.
 */
export async function adviceFor(
  direction: 'forward' | 'backward' | 'tangent',
  report: SolveReport,
  { cause, singularValueBound: bound }: SampleReport,
  own: OwnAdvice = {},
): Promise<string> {
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
  const known = isForward && (await own.forward?.(report));
  if (known) return known;
  const useless = `a higher limit or a looser tolerance does not help`;
  switch (cause) {
    case 'start':
      return `The start is already so, before any iteration, and ${useless}: start where the equation has moderate numbers, and look for very large numbers in its inputs`;
    case 'divergence':
      return `It grew beyond all bounds, where ${useless}: start nearer to the solution, take another solver, or look at the inputs for very large numbers`;
    case 'stagnation':
      return `The last iterations came no nearer, so that a higher limit does not help: start nearer to the solution, choose another solver, loosen ${tolerance}, ${REPORT}`;
    default:
      return `Raise ${limit}, loosen ${tolerance}, ${REPORT}`;
  }
}
