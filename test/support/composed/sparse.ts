/**
 * Lasso problems with planted solutions, in dyadic numbers: duplicates, features at their knots, weights of 0, ridges.
 */
import fc from 'fast-check';
import { dot } from '../numbers.ts';
import { determinantSign, solveExactly } from './exact.ts';

export interface SparseProblem {
  readonly features: number;
  /** [4, features], by rows */
  readonly X: readonly number[];
  readonly y: readonly number[];
  /** Relative to the penalty, which is e⁰ = 1. */
  readonly weights: readonly number[];
  readonly ridge: number;
  readonly beta: readonly number[];
  /** The signs of Xᵀ(y − Xβ) − ρβ for features in the equicorrelation set that have a weight; 0 for the others. */
  readonly signs: readonly number[];
  /** The features for which |Xⱼᵀ(y − Xβ) − ρβⱼ| is the penalty, or which have none. */
  readonly equicorrelation: readonly number[];
  /** The features of the equicorrelation set that are 0 and have a penalty. */
  readonly kinks: readonly number[];
}

/** An orthogonal basis. */
const H = [
  [0.5, 0.5, 0.5, 0.5],
  [0.5, -0.5, 0.5, -0.5],
  [0.5, 0.5, -0.5, -0.5],
  [0.5, -0.5, -0.5, 0.5],
];

/** Columns in the basis H: ± one vector of it, or one and half of another. */
const COLUMNS = [0, 1, 2, 3].flatMap((i) =>
  [1, -1].flatMap((sign) =>
    [0, 0.5].map((other) => H.map((_, place) => (place === i ? sign : place === (i + 1) % 4 ? other : 0))),
  ),
);

export const sparseProblems: fc.Arbitrary<SparseProblem> = fc
  .record({
    columns: fc.array(fc.nat({ max: COLUMNS.length - 1 }), { minLength: 1, maxLength: 5 }),
    /** The residual in the basis H, in units of ½. */
    residual: fc.array(fc.integer({ min: -4, max: 4 }), { minLength: 4, maxLength: 4 }),
    roles: fc.array(fc.constantFrom('support', 'support', 'kink', 'out', 'free'), { minLength: 5, maxLength: 5 }),
    amounts: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 5, maxLength: 5 }),
    ridge: fc.constantFrom(0, 0, 0.25),
  })
  .map(({ columns, residual, roles, amounts, ridge }) => {
    const S = columns.map((index) => COLUMNS[index]);
    const r = residual.map((entry) => entry / 2);
    const correlation = S.map((column) => dot(column, r));
    const beta: number[] = [];
    const weights: number[] = [];
    const signs: number[] = [];
    const equicorrelation: number[] = [];
    const kinks: number[] = [];
    for (const [j, c] of correlation.entries()) {
      const amount = (Math.sign(c) * amounts[j]) / 4;
      // With a ridge, the correlation is c − ρβ, which must keep its sign.
      const inSupport = roles[j] === 'support' && Math.abs(c) > ridge * Math.abs(amount);
      if (c === 0 && ridge === 0 && roles[j] === 'free') {
        beta.push((amounts[j] - 2) / 4);
        weights.push(0);
        signs.push(0);
        equicorrelation.push(j);
      } else if (inSupport || (roles[j] === 'kink' && c !== 0)) {
        beta.push(inSupport ? amount : 0);
        weights.push(Math.abs(c - ridge * beta[j]));
        signs.push(Math.sign(c));
        equicorrelation.push(j);
        if (!inSupport) kinks.push(j);
      } else {
        beta.push(0);
        weights.push(Math.abs(c) + 0.5);
        signs.push(0);
      }
    }
    const inBasis = r.map((entry, place) => entry + S.reduce((sum, column, j) => sum + column[place] * beta[j], 0));
    const times = (x: readonly number[]): number[] => H.map((row) => dot(row, x));
    const X = S.map(times);
    return {
      ...{ features: S.length, y: times(inBasis), weights, ridge, beta, signs, equicorrelation, kinks },
      X: H.flatMap((_, row) => X.map((column) => column[row])),
    };
  });

function gram({ X, features, ridge }: SparseProblem, set: readonly number[]): number[][] {
  const column = (j: number): number[] => H.map((_, row) => X[row * features + j]);
  return set.map((i) => set.map((j) => dot(column(i), column(j)) + (i === j ? ridge : 0)));
}

/** Whether the solution is unique, and every element of the conservative Jacobian invertible. */
export const isUnique = (problem: SparseProblem): boolean =>
  problem.equicorrelation.length === 0 || determinantSign(gram(problem, problem.equicorrelation)) > 0;

/** vᵀ·dβ/d log λ with the given kinks active. */
export function derivative(problem: SparseProblem, v: readonly number[], active: readonly number[]): number {
  const { equicorrelation, kinks, weights, signs } = problem;
  const set = equicorrelation.filter((j) => !kinks.includes(j) || active.includes(j));
  if (set.length === 0) return 0;
  const moved =
    solveExactly(
      gram(problem, set),
      set.map((j) => [-weights[j] * signs[j]]),
    ) ?? [];
  return set.reduce((sum, j, place) => sum + v[j] * moved[place][0], 0);
}
