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
  ['1000 feasible', 1000, feasibleProgram, 'converged'],
  ['300 degenerate', 300, degenerateProgram, 'converged'],
  ['300 infeasible', 300, infeasibleProgram, 'infeasible'],
  ['300 unbounded', 300, unboundedProgram, 'unbounded'],
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
