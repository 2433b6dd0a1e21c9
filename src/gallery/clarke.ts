/**
 * Inversion does not preserve Clarke Jacobians (Bolte et al. 2021, Remark 1 and Example 1; F. H. Clarke, 1976): the
 * inverses of the matrices in the Clarke Jacobian of F are not the Clarke Jacobian of the inverse of F.
 */
import { concat, type Engine, type ImplicitCertificate, root, type Tensor, valueAndGrad } from '../index.ts';

/** A 2 × 2 matrix, row by row. */
export type Matrix = readonly [number, number, number, number];

/** The coefficient of x in the second component of F. */
const SLOPE = 2;

/** F(x, y) = (|x| + y, slope·x + |y|), where |x| and |y| have the derivatives α and β at 0. @param point [rows, 2] */
export function F(point: Tensor, alpha: number, beta: number, slope = SLOPE): Tensor {
  const [rows] = point.shape;
  const x = point.slice([0, 0], [rows, 1]);
  const y = point.slice([0, 1], [rows, 1]);
  // The selection q of |x| yields the derivative 2q − 1 at 0.
  const absoluteX = x.abs({ selection: (alpha + 1) / 2 });
  const absoluteY = y.abs({ selection: (beta + 1) / 2 });
  return concat([absoluteX.add(y), x.mul(slope).add(absoluteY)], 1);
}

/** The derivative at 0 of the (x, y) that solves F(x, y) = p: the inverse of [α 1; slope β]. */
export async function computeInverseJacobian(
  engine: Engine,
  alpha: number,
  beta: number,
  slope = SLOPE,
): Promise<Matrix> {
  return engine.tidy(async (scope) => {
    const zero = scope.tensor([0, 0, 0, 0], [2, 2]); // the same system twice, once for each row of the Jacobian
    const identity = scope.tensor([1, 0, 0, 1], [2, 2]);
    const equation = (point: Tensor, p: Tensor): Tensor => F(point, alpha, beta, slope).sub(p);
    const [, [jacobian]] = await valueAndGrad(
      (p) =>
        root(equation, { unknown: zero, inputs: [p], solver: 'given', tolerance: 1e-6 })
          .mul(identity)
          .sum(),
      [zero],
    );
    const [a, b, c, d] = await jacobian.data();
    jacobian.dispose();
    return [a, b, c, d];
  });
}

export interface Clarke {
  /**
   * The Jacobians of the four affine pieces of the inverse, with α, β = ±1. The Clarke Jacobian is their convex hull.
   */
  readonly pieces: readonly { readonly alpha: number; readonly beta: number; readonly inverse: Matrix }[];
  /**
   * Possible results of implicit differentiation at 0: the inverses over a grid of α (rows) and β (columns) in [−1, 1].
   */
  readonly conservative: readonly (readonly Matrix[])[];
  /**
   * The inverses with αβ = ½, first for α > 0, then for α < 0. Like the mean of the pieces they have 2/3 as an entry.
   */
  readonly slice: readonly [readonly Matrix[], readonly Matrix[]];
  /** The mean of the four pieces, an element of the Clarke Jacobian of the inverse. */
  readonly mean: Matrix;
  /** The minimum over the grid of max|M − mean|, the distance between the mean and implicit differentiation. */
  readonly distance: number;
  readonly certificate: ImplicitCertificate;
}

/** @param intervals the number of intervals of the grid, which must be even so that 0 is on it */
export async function clarke(engine: Engine, intervals = 8): Promise<Clarke> {
  const ticks = Array.from({ length: intervals + 1 }, (_, index) => (2 * index) / intervals - 1);
  const conservative: Matrix[][] = [];
  for (const alpha of ticks) {
    const row: Matrix[] = [];
    for (const beta of ticks) row.push(await computeInverseJacobian(engine, alpha, beta));
    conservative.push(row);
  }
  const branch = async (sign: number): Promise<Matrix[]> => {
    const found: Matrix[] = [];
    for (const share of ticks)
      found.push(await computeInverseJacobian(engine, sign * 2 ** ((share - 1) / 2), sign * 2 ** ((-share - 1) / 2)));
    return found;
  };
  const pieces = [0, intervals].flatMap((i) =>
    [0, intervals].map((j) => ({ alpha: ticks[i], beta: ticks[j], inverse: conservative[i][j] })),
  );
  const mean = [0, 1, 2, 3].map((entry) => pieces.reduce((sum, { inverse }) => sum + inverse[entry] / 4, 0));
  const distances = conservative.flat().map((M) => Math.max(...M.map((value, entry) => Math.abs(value - mean[entry]))));
  const certificate = await certifyAt0(engine);
  return {
    certificate,
    pieces,
    conservative,
    slice: [await branch(1), await branch(-1)],
    mean: [mean[0], mean[1], mean[2], mean[3]],
    distance: Math.min(...distances),
  };
}

/** Certifies F(x, y) = p at 0. The elements are [α 1; slope β] for α, β in [−1, 1], with the determinant αβ − slope. */
export async function certifyAt0(engine: Engine, slope = SLOPE): Promise<ImplicitCertificate> {
  return engine.tidy(async (scope) => {
    const zero = scope.tensor([0, 0], [1, 2]);
    const equation = (point: Tensor, p: Tensor): Tensor => F(point, 0, 0, slope).sub(p);
    return root(equation, { unknown: zero, inputs: [zero], solver: 'given' }).solve.certify();
  });
}
