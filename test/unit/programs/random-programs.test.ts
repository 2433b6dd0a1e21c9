/** Random programs with 1 to 30 variables: each is solved, or named as what it is with a certificate. */
import { expect, test } from 'vitest';
import { random } from '../../../src/data/random.ts';
import {
  degenerateProgram,
  feasibleProgram,
  infeasibleProgram,
  unboundedProgram,
} from '../../support/program-kinds.ts';
import { certificateError, errorOf, solve } from '../../support/program-solutions.ts';
import { programData } from '../../support/programs.ts';

const CASES = [
  ['400 feasible', 400, feasibleProgram, 'converged'],
  ['150 degenerate', 150, degenerateProgram, 'converged'],
  ['150 infeasible', 150, infeasibleProgram, 'infeasible'],
  ['150 unbounded', 150, unboundedProgram, 'unbounded'],
] as const;

test.each(CASES)('%s programs', (name, count, create, status) => {
  for (let seed = 0; seed < count; seed++) {
    const data = programData(create(random(seed)));
    const result = solve(data);
    expect(result.status, `${name}, seed ${seed}`).toBe(status);
    if (status === 'converged') expect(errorOf(data, result), `${name}, seed ${seed}`).toBeLessThan(1e-9);
    else expect(certificateError(data, result), `${name}, seed ${seed}`).toBeLessThan(1e-10);
  }
});
