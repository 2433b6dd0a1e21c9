/** `certify` is right about a composed problem: its verdict follows from all choices at the kinks. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { ImplicitCertificate } from '../../../../src/implicit/certificate.ts';
import type { Engine } from '../../../../src/tensor/engine.ts';
import { type Description, drawDescriptions, type StepKind } from '../description.ts';
import { isInner, type Problem } from '../graph.ts';
import { plantProblem } from '../planting.ts';
import { describeProperty, type Load } from '../property.ts';
import { Truth } from '../truth.ts';
import { certifyProblem, type UnknownShape } from '../written.ts';

/** The kinds of steps without inner problems. */
export const PLAIN: readonly StepKind[] = ['linear', 'bend', 'extreme', 'sum', 'vector', 'ray', 'product', 'mix'];

/** Shapes of an unknown that has n numbers for each sample. */
const SHAPES: readonly UnknownShape[] = [
  ({ batch, n }) => [batch, n],
  ({ batch, n }) => [batch, 1, n],
  ({ batch, n }) => (n === 4 ? [batch, 2, 2] : [batch, n, 1]),
];

const statuses = ({ samples }: ImplicitCertificate): string[] => samples.map(({ status }) => status);

/** Checks that what is stated about each sample is true; a sample may be unknown. */
function expectNotFalse(certificate: ImplicitCertificate, verdicts: readonly string[]): void {
  for (const [sample, status] of statuses(certificate).entries()) {
    if (status !== 'unknown') expect(status, `sample ${sample}`).toBe(verdicts[sample]);
  }
}

export function checkCertificates(load: Load, engine: () => Promise<Engine>): void {
  describeProperty(
    load,
    'written plainly, a problem is certified or failed as it is',
    drawDescriptions({ kinds: PLAIN }),
    60,
    async (description) => {
      const problem = plantProblem(description);
      const certificate = await certifyProblem(await engine(), problem, { isFlat: true });
      expect(statuses(certificate)).toEqual(new Truth(problem).verdicts());
    },
  );

  describeProperty(
    load,
    'in every layout, and every shape of the unknown, it is what it is written plainly',
    fc.tuple(drawDescriptions({ kinds: PLAIN }), fc.constantFrom(...SHAPES)),
    100,
    async ([description, shape]) => {
      const problem = plantProblem(description);
      const certificate = await certifyProblem(await engine(), problem, { shape });
      expect(statuses(certificate)).toEqual(new Truth(problem).verdicts());
    },
  );

  describeProperty(
    load,
    'in no layout it is certified where it fails, nor the other way round; what is refused may be coupled',
    drawDescriptions({ kinds: PLAIN }),
    60,
    async (description) => {
      const problem = plantProblem(description);
      let found: ImplicitCertificate;
      try {
        found = await certifyProblem(await engine(), problem);
      } catch (error) {
        expect(String(error)).toContain('coupled: true');
        return;
      }
      expectNotFalse(found, new Truth(problem).verdicts());
    },
  );

  describeProperty(
    load,
    'with solutions of inner problems, it is never certified where it fails, nor the other way round',
    drawDescriptions({ longest: 4 }),
    80,
    async (description) => {
      const problem = plantProblem(description);
      fc.pre(problem.nodes.some(isInner));
      expectNotFalse(await certifyProblem(await engine(), problem), new Truth(problem).verdicts());
    },
  );

  describeProperty(
    load,
    'a function that mixes samples is refused, or known for what it is, where it does not say that it does',
    drawDescriptions({ kinds: [...PLAIN, 'mix', 'mix'], isCoupled: true, batches: [2, 3], widest: 2 }),
    60,
    async (description) => {
      const problem = plantProblem(description);
      fc.pre(problem.nodes.some(({ kind }) => kind === 'mix'));
      const [verdict] = new Truth(problem).verdicts();
      const unsaid: Problem = { ...problem, isCoupled: false };
      let found: ImplicitCertificate;
      try {
        found = await certifyProblem(await engine(), unsaid);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
        expect(String(error)).toContain('coupled');
        return;
      }
      if (found.status !== 'unknown') expect(found.status).toBe(verdict);
    },
  );

  describeProperty(
    load,
    'what contracts is certified, without a look at the matrix too',
    drawDescriptions({ kinds: PLAIN, isTame: true, form: 'fixed point' }),
    40,
    async (description: Description) => {
      const problem = plantProblem(description);
      expect(problem.lipschitz).toBeLessThanOrEqual(0.5);
      expect(new Truth(problem).verdicts()).not.toContain('failed');
      expect((await certifyProblem(await engine(), problem)).status).toBe('certified');
    },
  );
}
