/** Facts about solvers, from the registry. */
import { convergenceOf, FORWARD_SOLVERS, LINEAR_SOLVERS } from '../../src/solvers/index.ts';

/** The names of forward and backward solvers that converge only where W contracts. */
export const REPETITIONS: readonly string[] = [
  ...Object.entries(FORWARD_SOLVERS),
  ...Object.entries(LINEAR_SOLVERS),
].flatMap(([name, methods]) => (convergenceOf(methods) === 'where it contracts' ? [name] : []));
