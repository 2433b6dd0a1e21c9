/** Statements about a solution computed to any tolerance hold for the true solution. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { Tape } from '../../../../src/autodiff/tape.ts';
import type { BackendName } from '../../../../src/backends/backend.ts';
import type { Engine } from '../../../../src/tensor/engine.ts';
import { isKink } from '../derivatives.ts';
import { drawDescriptions } from '../description.ts';
import { plantProblem } from '../planting.ts';
import { casesOn, describeProperty, expectNear, isSingle, type Load } from '../property.ts';
import { Truth } from '../truth.ts';
import { inputTensors, solveProblem } from '../written.ts';
import { PLAIN } from './certificates.ts';
import { cotangentOf, cotangents } from './selections.ts';

const KINDS = PLAIN.filter((kind) => kind !== 'product' && kind !== 'mix');

export function checkSolves(load: Load, engine: () => Promise<Engine>, backend: BackendName): void {
  const finest = isSingle(backend) ? 6 : 12;
  const tolerances = fc.integer({ min: 2, max: finest }).map((power) => 10 ** -power);
  const drawn = fc.tuple(
    drawDescriptions({ kinds: KINDS, layouts: 1, isTame: true, isCoupled: false }),
    cotangents,
    fc.constantFrom(0, 1, 0.5, 0.25),
    tolerances,
  );
  const cases = casesOn(backend, 60);

  describeProperty(
    load,
    `at every tolerance a selection gives the gradient of its element, on ${backend}`,
    drawn,
    cases,
    async ([description, numbers, q, tolerance]) => {
      const problem = plantProblem({ ...description, own: 2 });
      fc.pre(problem.isExactInSingle || !isSingle(backend));
      const truth = new Truth(problem);
      const v = cotangentOf(problem, numbers);
      const wanted = truth.gradients(v, () => q);
      const opened = await engine();
      await opened.tidy(async (scope) => {
        const tape = new Tape();
        try {
          const watched = inputTensors(scope, problem).map((input) => tape.watch(input));
          const solution = solveProblem(opened, problem, watched, {
            start: problem.values[0].flat().map(() => 0),
            options: {
              ...{ solver: 'auto', tolerance, selection: q },
              backwardTolerance: isSingle(backend) ? 1e-6 : 1e-12,
            },
          });
          const gradients = tape.pullback(solution, watched, scope.tensor(v, solution.shape));
          // The gradients of shifts do not depend on z, except through the kinks.
          for (const [place, { name }] of problem.inputs.entries()) {
            if (name !== 'shift') continue;
            const near = isSingle(backend) ? 1e-3 : 1e-9;
            expectNear(await gradients[place].data(), (wanted ?? [])[place], near, `input ${place}`);
          }
        } finally {
          tape.dispose();
        }
      });
    },
  );

  describeProperty(
    load,
    `at every tolerance what is certified, and the interval, hold at the true solution, on ${backend}`,
    drawn,
    cases,
    async ([description, numbers, , tolerance]) => {
      fc.pre(tolerance <= 1e-4);
      // Steep, so that many problems fail, and started nearby: all other solutions lie on rays from this one, along
      // which the matrix is singular.
      const steep = plantProblem({ ...description, isTame: false });
      fc.pre(steep.isExactInSingle || !isSingle(backend));
      const truth = new Truth(steep);
      fc.pre(truth.movingKinks.length > 0);
      const [opened, verdicts] = [await engine(), truth.verdicts()];
      await opened.tidy(async (scope) => {
        const start = steep.values[0]
          .flat()
          .map((value, at) => value * (1 + 0.1 * tolerance * Math.sign(numbers[at % 12] || 1)));
        const solution = solveProblem(opened, steep, inputTensors(scope, steep), {
          start: start.map((value) => value || 1e-2 * tolerance),
          options: { tolerance: 100 * tolerance, onFailure: 'report' },
        });
        const { samples } = await solution.solve.report;
        const { samples: certificates } = await solution.solve.certify();
        for (const [sample, { status }] of certificates.entries()) {
          if (samples[sample].status !== 'converged') continue;
          // The start is within the tolerance of z, so every statement must be true of z.
          if (status === 'certified') expect(verdicts[sample]).toBe('certified');
        }
        expect(truth.units.filter(isKink).length).toBeGreaterThan(0);
      });
    },
  );
}
