/**
 * The reference problems in float64, computed independently, as tests: the results that are expected, and the bounds on
 * their errors.
 */
import { describe, expect, test } from 'vitest';
import type { LassoSolverName } from '../../src/implicit/lasso/options.ts';
import { convergenceOf, FORWARD_SOLVERS, type ForwardSolverName } from '../../src/solvers/index.ts';
import { LASSO_NAMES, loadKinks, loadLasso, loadMonotone } from '../fixtures/load.ts';
import { relativeError } from '../support/numbers.ts';
import type { Ask, Solvers } from './outcomes.ts';

type Precision = 'float64' | 'float32';

/** Relative errors; `gap` is the duality gap. */
const BOUNDS = {
  float64: { z: 1e-9, gradient: 1e-8, beta: 1e-9, lassoGradient: 1e-7, gap: 1e-10 },
  float32: { z: 1e-5, gradient: 1e-4, beta: 1e-5, lassoGradient: 1e-4, gap: 1e-6 },
} as const;

/** Every solver once, forward and backward, except those that converge only where W contracts. */
const SOLVERS: readonly Solvers[] = [
  ['peaceman-rachford', 'auto'],
  ['forward-backward', 'bicgstab+cgnr'],
  ['anderson', 'gmres'],
  ['anderson-peaceman-rachford', 'peaceman-rachford'],
  ['anderson-picard+peaceman-rachford', 'bicgstab'],
  ['auto', 'cgnr'],
];
/**
 * At its guaranteed step size, forward-backward splitting would need about 10⁷ iterations on the ill-conditioned
 * problem.
 */
const GRADUAL: readonly (string | undefined)[] = ['forward-backward', 'anderson'];

interface Asked {
  readonly ask: Ask;
  readonly precision: Precision;
  /** Forward solvers that other tests cover more quickly. */
  readonly without?: (solver: string) => boolean;
}

export function monotoneSuite({ ask, precision, without = () => false }: Asked): void {
  const bound = BOUNDS[precision];
  test('no forward solver is left out that converges for every monotone layer', () => {
    const names = Object.keys(FORWARD_SOLVERS) as ForwardSolverName[];
    const asked: readonly string[] = SOLVERS.map(([solver]) => solver);
    const reliable = names.filter((name) => convergenceOf(FORWARD_SOLVERS[name]) !== 'where it contracts');
    expect(reliable.filter((name) => !asked.includes(name))).toEqual([]);
  });
  for (const name of ['n4', 'n32', 'n87', 'illcond'] as const) {
    for (const reference of loadMonotone(name)) {
      for (const solvers of SOLVERS) {
        const [solver = 'auto'] = solvers;
        if (without(solver) || (GRADUAL.includes(solver) && name === 'illcond')) continue;
        test(`${name} ${reference.activation}, ${solvers.join(', ')}`, async () => {
          const { z, gradB, gradW, isSolved } = await ask('fixedPoint', reference, solvers);
          expect(relativeError(z, reference.z.flat())).toBeLessThanOrEqual(bound.z);
          expect(relativeError(gradB, reference.grad_b.flat())).toBeLessThanOrEqual(bound.gradient);
          expect(relativeError(gradW, reference.grad_W.flat())).toBeLessThanOrEqual(bound.gradient);
          expect(isSolved).toBe(true);
        });
      }
    }
  }

  for (const reference of loadMonotone('n32')) {
    test(`gradients of A, B and m through the parametrisation: ${reference.activation}`, async () => {
      const { gradA, gradB, gradM } = await ask('parameterGradients', reference);
      expect(relativeError(gradA, reference.grad_A?.flat() ?? [])).toBeLessThanOrEqual(bound.gradient);
      expect(relativeError(gradB, reference.grad_B?.flat() ?? [])).toBeLessThanOrEqual(bound.gradient);
      // The trace adds entries of either sign: its error is measured against the norm of these entries.
      const diagonal = reference.grad_W.map((row, i) => row[i]);
      const error = Math.abs(gradM - (reference.grad_m as number));
      expect(error).toBeLessThanOrEqual(bound.gradient * Math.hypot(...diagonal));
    });
  }

  for (const reference of loadKinks()) {
    for (const selection of [0, 0.5, 1]) {
      test(`exact kinks: ${reference.activation}, selection ${selection}`, async () => {
        const listed = reference.admissible.find(({ q }) => q.every((one) => one === selection));
        if (!listed) throw new Error('the fixture lists no such selection');
        const { z, gradB, gradW, kinks, status, argument } = await ask('atKinks', reference, selection);
        expect(relativeError(z, reference.z)).toBeLessThanOrEqual(bound.z);
        expect(relativeError(gradB, listed.grad_b)).toBeLessThanOrEqual(bound.gradient);
        expect(relativeError(gradW, listed.grad_W.flat())).toBeLessThanOrEqual(bound.gradient);
        expect(kinks).toEqual(reference.kink_coords);
        expect([status, argument]).toEqual(['certified', 'margin']);
      });
    }
  }
}

interface AskedOfLasso extends Omit<Asked, 'without'> {
  readonly solvers: readonly LassoSolverName[];
}

export function lassoSuite({ ask, precision, solvers }: AskedOfLasso): void {
  const bound = BOUNDS[precision];
  describe.each(LASSO_NAMES)('%s', (name) => {
    const reference = loadLasso(name);
    const { X_train: X, y_train: y, cases, knot } = reference;
    const lambdas = cases.map(({ lambda }) => lambda);

    test.each(solvers)('%s: solution, support and equicorrelation set of every λ', async (solver) => {
      const { beta, certificate, dualityGap, isSolved } = await ask('lassoSolutions', { X, y }, lambdas, solver);
      for (const [index, exact] of cases.entries()) {
        expect(relativeError(beta[index], exact.beta)).toBeLessThanOrEqual(bound.beta);
      }
      const { status, samples, kinks } = certificate;
      expect([status, kinks]).toEqual(['certified', []]);
      expect(samples).toEqual(cases.map(({ support, equicorrelation }) => ({ support, equicorrelation })));
      expect(isSolved).toBe(true);
      for (const gap of dualityGap) expect(Math.abs(gap)).toBeLessThan(bound.gap);
    });

    test('dβ/dλ forwards, and dC/dλ backwards', async () => {
      const { tangent, gradient } = await ask('lassoGradients', reference, lambdas, undefined);
      for (const [index, { dbeta_dlambda, dC_dlambda }] of cases.entries()) {
        expect(relativeError(tangent[index], dbeta_dlambda)).toBeLessThanOrEqual(bound.lassoGradient);
        expect(relativeError([gradient[index]], [dC_dlambda])).toBeLessThanOrEqual(bound.lassoGradient);
      }
    });

    test.each(knot.selections)('at the knot, with the selection $q', async ({ q, dbeta_dlambda, dC_dlambda }) => {
      const { beta, tangent, gradient } = await ask('lassoGradients', reference, [knot.lambda], q);
      expect(relativeError(beta[0], knot.beta)).toBeLessThanOrEqual(bound.beta);
      expect(relativeError(tangent[0], dbeta_dlambda)).toBeLessThanOrEqual(bound.lassoGradient);
      expect(relativeError(gradient, [dC_dlambda])).toBeLessThanOrEqual(bound.lassoGradient);
    });

    test('both one-sided derivatives at the knot', async () => {
      const { intervals, certificate } = await ask('lassoSides', { X, y }, [knot.lambda]);
      const [{ support, equicorrelation }] = certificate.samples;
      expect([support, equicorrelation]).toEqual([knot.support, knot.equicorrelation]);
      expect(certificate.kinks.map(({ index }) => index)).toContain(knot.entering);
      for (const { low, high, left, right, exact } of intervals) {
        expect([low, high, exact]).toEqual([Math.min(left, right), Math.max(left, right), true]);
      }
      const listed = (q: number) => knot.selections.find((each) => each.q === q)?.dbeta_dlambda ?? [];
      const [left, right] = (['left', 'right'] as const).map((side) => intervals.map((interval) => interval[side]));
      // The feature enters as λ falls: q = 1 is the derivative on the left, q = 0 that on the right.
      expect(relativeError(left, listed(1))).toBeLessThanOrEqual(bound.lassoGradient);
      expect(relativeError(right, listed(0))).toBeLessThanOrEqual(bound.lassoGradient);
    });
  });
}
