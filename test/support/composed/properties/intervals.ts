/** The interval of a gradient contains the gradients of all elements, and nothing else where it is called exact. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Engine } from '../../../../src/tensor/engine.ts';
import { drawDescriptions } from '../description.ts';
import { plantProblem } from '../planting.ts';
import { describeProperty, type Load } from '../property.ts';
import { Truth } from '../truth.ts';
import { inputTensors, solveProblem } from '../written.ts';
import { PLAIN } from './certificates.ts';
import { cotangentOf, cotangents, SENSITIVE } from './selections.ts';

export function checkIntervals(load: Load, engine: () => Promise<Engine>): void {
  for (const [name, kinds, cases] of [
    ['of a plain problem', [...PLAIN, 'ray', 'ray'], 80],
    ['with solutions of inner problems', [...PLAIN, 'ray', 'ray', 'inner', 'inner'], 60],
  ] as const) {
    describeProperty(
      load,
      `the interval of a gradient, ${name}`,
      fc.tuple(drawDescriptions({ kinds }), cotangents),
      cases,
      async ([description, numbers]) => {
        const problem = plantProblem(description);
        const input = problem.inputs.findIndex(({ name: called }) => called === 'number');
        fc.pre(input >= 0);
        const truth = new Truth(problem);
        const v = cotangentOf(problem, numbers);
        fc.pre(truth.amplification(v) < SENSITIVE);
        const opened = await engine();
        const { low, high, exact } = await opened.tidy((scope) =>
          solveProblem(opened, problem, inputTensors(scope, problem)).solve.gradientInterval(
            scope.tensor(v, [problem.batch, problem.n]),
            { input },
          ),
        );
        if (truth.verdicts().includes('failed')) {
          // Near a singular element the gradient is unbounded, unless its numerator vanishes there.
          expect(exact).toBe(false);
          return;
        }
        const [least, most] = truth.range(v, input, 0);
        const slack = 1e-9 * Math.max(Math.abs(least), Math.abs(most), 1e-3);
        expect(low).toBeLessThanOrEqual(least + slack);
        expect(high).toBeGreaterThanOrEqual(most - slack);
        if (exact) {
          expect(low).toBeGreaterThanOrEqual(least - slack);
          expect(high).toBeLessThanOrEqual(most + slack);
        }
      },
    );
  }
}
