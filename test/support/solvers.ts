/** What the registry of solvers says of them. */
import { convergenceOf, FORWARD_SOLVERS, LINEAR_SOLVERS } from '../../src/solvers/index.ts';

/** Names of those that converge only where W contracts, forward and backward. */
export const REPETITIONS: readonly string[] = [
  ...Object.entries(FORWARD_SOLVERS),
  ...Object.entries(LINEAR_SOLVERS),
].flatMap(([name, methods]) => (convergenceOf(methods) === 'where it contracts' ? [name] : []));
