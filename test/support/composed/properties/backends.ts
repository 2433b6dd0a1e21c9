/** All backends agree on a problem whose numbers float32 holds exactly. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { BackendName } from '../../../../src/backends/backend.ts';
import type { Engine } from '../../../../src/tensor/engine.ts';
import { drawDescriptions } from '../description.ts';
import { plantProblem } from '../planting.ts';
import { casesOn, describeProperty, type Load } from '../property.ts';
import { Truth } from '../truth.ts';
import { certifyProblem } from '../written.ts';
import { PLAIN } from './certificates.ts';
import { cotangentOf, cotangents, expectGradients } from './selections.ts';

export function checkBackends(load: Load, engine: () => Promise<Engine>, backend: BackendName): void {
  const drawn = fc.tuple(drawDescriptions({ kinds: PLAIN, layouts: 1 }), cotangents, fc.constantFrom(0, 1, 0.5));

  describeProperty(
    load,
    `certified or failed as it is, on ${backend}`,
    drawn,
    casesOn(backend, 40),
    async ([description]) => {
      const problem = plantProblem(description);
      fc.pre(problem.isExactInSingle);
      const truth = new Truth(problem);
      const certificate = await certifyProblem(await engine(), problem);
      expect(certificate.samples.map(({ status }) => status)).toEqual(truth.verdicts());
      expect(certificate.kinks).toHaveLength(truth.movingKinks.length);
    },
  );

  describeProperty(
    load,
    `gradients of selections, on ${backend}`,
    drawn,
    casesOn(backend, 40),
    async ([description, numbers, q]) => {
      const problem = plantProblem(description);
      fc.pre(problem.isExactInSingle);
      const given = { choice: () => q, selection: q };
      await expectGradients(await engine(), problem, cotangentOf(problem, numbers), given, 1e-3);
    },
  );
}
