/** Cone programs at which the Jacobian of the projection has an eigenvalue that is 1 but for rounding, far from a kink. */
import { afterAll, expect, test } from 'vitest';
import { coneProgram } from '../../../src/index.ts';
import { dualOf } from '../../../src/solvers/cones/cone.ts';
import { projectOntoCones } from '../../../src/solvers/cones/projections/project.ts';
import { residualJacobian, singularRange } from '../../support/cone-checks.ts';
import { arraysOf } from '../../support/cone-data.ts';
import { elementWith } from '../../support/cone-projections.ts';
import { createOracle } from '../../support/engines.ts';
import { plantConeProgram } from '../../support/planted-cone-programs.ts';

const engine = createOracle();
afterAll(() => engine.close());

// With one variable and eigenvalues 1 and κ, M is singular in the limit κ → 1; here 1 − κ is about e^(v₀/v₁).
test.each([
  [0.03, 1e-11, false],
  [0.024, 1e-14, true],
  [0.06, 1e-5, false],
])(
  'v = (−1.09, %d, −1.1) of expdual, with M singular to about %d: nearly singular is %s',
  async (middle, about, nearlySingular) => {
    const program = plantConeProgram({
      seed: 1,
      n: 1,
      cones: [{ type: 'expdual', dim: 3 }],
      rank: 1,
      v: Float64Array.of(-1.09, middle, -1.1),
    });
    const v = program.y.map((value, i) => value - program.s[i]);
    const projection = projectOntoCones(program.blocks.map(dualOf), v, () => 1e-6);
    expect(projection.kinks).toEqual([]);
    const { least, most } = singularRange(residualJacobian(program, elementWith(projection, 0)));
    expect(Math.abs(Math.log10(least / most / about))).toBeLessThan(2);
    const solution = coneProgram({
      engine,
      ...arraysOf({ programs: [program], isShared: true }),
      cones: program.cones,
      // y is hardly determined: elsewhere near by M is less singular.
      initial: { x: program.x, y: program.y, s: program.s },
      onFailedCertificate: 'ignore',
    });
    const [certificate] = (await solution.certificate()).samples;
    expect(certificate.status).toBe('certified');
    expect(certificate.nearlySingular).toBe(nearlySingular);
    solution.dispose();
  },
);
