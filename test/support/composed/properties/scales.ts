/** A problem multiplied by a power of 2 has the solution multiplied by it and the same verdicts, or is refused. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { Tape } from '../../../../src/autodiff/tape.ts';
import type { BackendName } from '../../../../src/backends/backend.ts';
import type { Engine } from '../../../../src/tensor/engine.ts';
import { type Description, drawDescriptions } from '../description.ts';
import { plantProblem } from '../planting.ts';
import { casesOn, describeProperty, expectNear, isSingle, type Load } from '../property.ts';
import { Truth } from '../truth.ts';
import { certifyProblem, inputTensors, solveProblem } from '../written.ts';
import { PLAIN } from './certificates.ts';
import { cotangentOf, cotangents, expectGradients } from './selections.ts';

/** From 2⁻⁹⁹ ≈ 1.6e-30 to 2⁹⁹ ≈ 6.3e29. */
const POWERS = [0, 20, -20, 60, -60, 99, -99];
const LINEAR_KINDS = PLAIN.filter((kind) => kind !== 'product');

/** Whether a number lies within the range of float32, with some room for intermediate results. */
const isOfSingle = (value: number): boolean => value === 0 || Math.abs(Math.log2(Math.abs(value))) < 110;

export function checkScales(load: Load, engine: () => Promise<Engine>, backend: BackendName): void {
  const cases = casesOn(backend, 50);
  const tolerance = isSingle(backend) ? 1e-3 : 1e-9;
  const scaled = drawDescriptions({ kinds: LINEAR_KINDS, layouts: 1, scales: POWERS, exponents: POWERS });

  describeProperty(
    load,
    `scaled by powers of 2 it is certified or failed as before, on ${backend}`,
    scaled,
    cases,
    async (description) => {
      const problem = plantProblem(description);
      fc.pre(problem.isExactInSingle || !isSingle(backend));
      const { samples } = await certifyProblem(await engine(), problem);
      for (const [index, verdict] of new Truth(problem).verdicts().entries()) {
        expect(samples[index].status).toBe(verdict);
      }
    },
  );

  describeProperty(
    load,
    `the norms of the operations certify nothing that fails, whatever their scales, on ${backend}`,
    fc.tuple(
      drawDescriptions({ kinds: LINEAR_KINDS, layouts: 1, scales: POWERS, exponents: POWERS, isCoupled: false }),
      cotangents,
    ),
    cases,
    async ([description, numbers]) => {
      const problem = plantProblem({ ...description, form: 'fixed point' });
      fc.pre(problem.isExactInSingle || !isSingle(backend));
      const truth = new Truth(problem);
      fc.pre(truth.verdicts().includes('failed'));
      const opened = await engine();
      const statuses = await opened.tidy(async (scope) => {
        const inputs = inputTensors(scope, problem);
        const tape = new Tape();
        const watched = inputs.map((input) => tape.watch(input));
        const solution = solveProblem(opened, problem, watched, { options: { onFailure: 'report' } });
        tape.pullback(solution, watched, scope.tensor(cotangentOf(problem, numbers), solution.shape));
        const [{ certificate }] = await Promise.all(solution.solve.backwardReports);
        tape.dispose();
        return certificate.samples.map(({ status }) => status);
      });
      for (const [sample, verdict] of truth.verdicts().entries()) {
        if (verdict === 'failed') expect(statuses[sample]).not.toBe('certified');
      }
    },
  );

  describeProperty(
    load,
    `gradients move their exponents alone, on ${backend}`,
    fc.tuple(scaled, cotangents),
    cases,
    async ([description, numbers]) => {
      const problem = plantProblem(description);
      fc.pre(problem.isExactInSingle || !isSingle(backend));
      const wanted = new Truth(problem).gradients(cotangentOf(problem, numbers)) ?? [];
      fc.pre(!isSingle(backend) || wanted.flat().every(isOfSingle));
      // A problem with intermediate results outside of float32's range is refused.
      const checked = expectGradients(await engine(), problem, cotangentOf(problem, numbers), {}, tolerance);
      await (isSingle(backend) ? checked.catch(isRefused) : checked);
    },
  );

  // A tolerance is relative to ‖z‖, or to ε times the numbers at the start if these are larger: a start at 0 is near to
  // nothing.
  for (const [size, powers] of [
    ['large', POWERS.filter((power) => power >= 0)],
    ['small', POWERS.filter((power) => power < 0)],
  ] as const) {
    describeProperty(
      load,
      `a solve from 0 finds a ${size} solution, or says that it does not, on ${backend}`,
      drawDescriptions({ kinds: LINEAR_KINDS, layouts: 1, scales: powers, isTame: true }),
      cases,
      async (description: Description) => {
        const problem = plantProblem({ ...description, own: 2 });
        const z = problem.values[0].flat();
        const opened = await engine();
        await opened.tidy(async (scope) => {
          const start = z.map(() => 0);
          const options = { solver: 'auto' as const, tolerance: isSingle(backend) ? 1e-4 : 1e-8 };
          const solution = solveProblem(opened, problem, inputTensors(scope, problem), { start, options });
          const found = await solution.data().catch(isRefused);
          // For a contraction by ½ the error is at most twice the residual, which is relative to the whole sample.
          if (found) expectNear(found, z, 100 * options.tolerance, 'z');
        });
      },
    );
  }
}

function isRefused(error: unknown): undefined {
  if (error instanceof Error && ['ConvergenceError', 'RangeError'].includes(error.name)) return undefined;
  throw error;
}
