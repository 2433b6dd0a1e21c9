/** The gradient for a selection is the gradient of the element that the selection names. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { ImplicitSelection } from '../../../../src/implicit/selections.ts';
import type { Engine } from '../../../../src/tensor/engine.ts';
import type { Unit } from '../derivatives.ts';
import { type Description, drawDescriptions } from '../description.ts';
import type { Problem } from '../graph.ts';
import { plantProblem } from '../planting.ts';
import { describeProperty, expectNear, type Load } from '../property.ts';
import { type Choice, Truth } from '../truth.ts';
import { gradientsOf, keyOfUnit } from '../written.ts';
import { PLAIN } from './certificates.ts';

export const cotangents = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 12, maxLength: 12 });

/** A cotangent of the shape of z. */
export const cotangentOf = ({ n, batch }: Problem, numbers: readonly number[]): number[] => numbers.slice(0, n * batch);

/** Above this amplification, the rounding of a linear solve and of its inputs is no longer small. */
export const SENSITIVE = 100;

/** Compares the gradient for every input with the truth. */
export async function expectGradients(
  engine: Engine,
  problem: Problem,
  v: readonly number[],
  { choice, selection }: { choice?: Choice; selection?: ImplicitSelection },
  tolerance: number,
): Promise<void> {
  const truth = new Truth(problem);
  const wanted = truth.gradients(v, choice);
  fc.pre(wanted !== undefined && truth.amplification(v, choice) < SENSITIVE);
  const inner = problem.isCoupled ? { coupled: false } : {};
  const { gradients } = await gradientsOf(engine, problem, v, { options: { selection }, inner });
  for (const [place, gradient] of (wanted ?? []).entries()) {
    expectNear(gradients[place], gradient, tolerance, `input ${place}, ${problem.inputs[place].name}`);
  }
}

/** Dyadic numbers, so that the truth is exact. */
const shares = fc.constantFrom(0, 1, 0.5, 0.25);

export function checkSelections(load: Load, engine: () => Promise<Engine>): void {
  const everything: fc.Arbitrary<Description> = drawDescriptions();

  describeProperty(
    load,
    'none: each operation has its own',
    fc.tuple(everything, cotangents),
    40,
    async ([description, numbers]) => {
      const problem = plantProblem(description);
      await expectGradients(await engine(), problem, cotangentOf(problem, numbers), {}, 1e-9);
    },
  );

  describeProperty(
    load,
    'one number for all operations',
    fc.tuple(everything, cotangents, shares),
    40,
    async ([description, numbers, q]) => {
      const problem = plantProblem(description);
      const given = { choice: () => q, selection: q };
      await expectGradients(await engine(), problem, cotangentOf(problem, numbers), given, 1e-9);
    },
  );

  describeProperty(
    load,
    'numbers by operation',
    fc.tuple(everything, cotangents, shares, shares),
    40,
    async ([description, numbers, p, q]) => {
      const problem = plantProblem(description);
      const selection: ImplicitSelection = {
        relu: p,
        abs: q,
        softThreshold: p,
        clip: q,
        maximum: p,
        minimum: q,
        elu: p,
        leakyRelu: q,
      };
      const choice: Choice = ({ operation }) => (selection as Record<string, number>)[operation];
      await expectGradients(await engine(), problem, cotangentOf(problem, numbers), { choice, selection }, 1e-9);
    },
  );

  describeProperty(
    load,
    'numbers by place',
    fc.tuple(
      drawDescriptions({ kinds: PLAIN, isCoupled: false }),
      cotangents,
      fc.array(shares, { minLength: 8, maxLength: 8 }),
    ),
    80,
    async ([description, numbers, qs]) => {
      const problem = plantProblem(description);
      const choice: Choice = (unit: Unit) => qs[(3 * unit.node + 2 * unit.feature + (unit.sample ?? 0)) % qs.length];
      const chosen = new Map(new Truth(problem).units.map((unit) => [keyOfUnit(problem, unit), choice(unit)]));
      const selection: ImplicitSelection = ({ place, sample, index }) => chosen.get(`${place} ${sample} ${index}`) ?? 0;
      await expectGradients(await engine(), problem, cotangentOf(problem, numbers), { choice, selection }, 1e-9);
    },
  );

  describeProperty(
    load,
    'at random: within the range of each number over all elements',
    fc.tuple(drawDescriptions({ kinds: PLAIN }), cotangents, fc.integer({ min: 0, max: 1000 })),
    30,
    async ([description, numbers, seed]) => {
      const problem = plantProblem(description);
      const truth = new Truth(problem);
      const v = cotangentOf(problem, numbers);
      fc.pre(!truth.verdicts().includes('failed') && truth.kinks.length > 0 && truth.kinks.length < 5);
      const options = { selection: { random: seed } };
      const { gradients } = await gradientsOf(await engine(), problem, v, { options });
      const input = problem.inputs.length - 1;
      const size = Math.max(1, ...gradients[input].map(Math.abs));
      for (const [at, value] of gradients[input].entries()) {
        const [low, high] = truth.range(v, input, at);
        expect(value).toBeGreaterThanOrEqual(low - 1e-9 * size);
        expect(value).toBeLessThanOrEqual(high + 1e-9 * size);
      }
    },
  );
}
