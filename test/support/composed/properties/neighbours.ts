/** A sample that fails does not affect its neighbours when failures are only reported. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { Tape } from '../../../../src/autodiff/tape.ts';
import type { BackendName } from '../../../../src/backends/backend.ts';
import { fixedPoint } from '../../../../src/implicit/root.ts';
import type { Engine } from '../../../../src/tensor/engine.ts';
import { drawDescriptions } from '../description.ts';
import { plantProblem } from '../planting.ts';
import { casesOn, describeProperty, expectNear, isSingle, type Load } from '../property.ts';
import { Truth } from '../truth.ts';
import { inputTensors, writeFunction } from '../written.ts';
import { cotangents } from './selections.ts';

export function checkNeighbours(load: Load, engine: () => Promise<Engine>, backend: BackendName): void {
  describeProperty(
    load,
    `gradients of what samples share, next to one that failed, on ${backend}`,
    fc.tuple(
      drawDescriptions({
        kinds: ['linear', 'bend', 'sum', 'vector', 'ray'],
        layouts: 1,
        isTame: true,
        isCoupled: false,
        form: 'fixed point',
        batches: [2, 3],
      }),
      cotangents,
      fc.integer({ min: 0, max: 2 }),
      fc.constantFrom('picard' as const, 'anderson' as const),
    ),
    casesOn(backend, 40),
    async ([description, numbers, place, solver]) => {
      const problem = plantProblem(description);
      fc.pre(problem.isExactInSingle || !isSingle(backend));
      const { batch, n } = problem;
      const failing = place % batch;
      const v = problem.values[0].flatMap((row, sample) =>
        row.map((_, j) => (sample === failing ? 0 : numbers[sample * n + j])),
      );
      const wanted = new Truth(problem).gradients(v, () => 0.5) ?? [];
      const f = writeFunction(problem);
      const opened = await engine();
      await opened.tidy(async (scope) => {
        const tape = new Tape();
        try {
          const watched = inputTensors(scope, problem).map((input) => tape.watch(input));
          const fails = scope.tensor(
            problem.values[0].map((_, sample) => (sample === failing ? 1 : 0)),
            [batch, 1],
          );
          // Plain repetition of 4·e^|z| goes from moderate numbers to infinity in one step.
          const solution = fixedPoint((z, mask, ...inputs) => f(z, ...inputs).add(mask.mul(z.abs().exp().mul(4))), {
            unknown: scope.tensor(problem.values[0].flat(), [batch, n]),
            inputs: [fails, ...watched],
            ...{ solver, limit: 200, selection: 0.5, onFailure: 'report' },
            ...{ tolerance: isSingle(backend) ? 1e-5 : 1e-9, backwardTolerance: isSingle(backend) ? 1e-6 : 1e-12 },
          });
          const gradients = tape.pullback(solution, watched, scope.tensor(v, [batch, n]));
          const { samples } = await solution.solve.report;
          fc.pre(samples[failing].status !== 'converged');
          for (const [index, gradient] of gradients.entries()) {
            expectNear(
              await gradient.data(),
              wanted[index],
              isSingle(backend) ? 1e-3 : 1e-7,
              problem.inputs[index].name,
            );
          }
          expect(samples.filter(({ status }) => status === 'converged')).toHaveLength(batch - 1);
        } finally {
          tape.dispose();
        }
      });
    },
  );
}
