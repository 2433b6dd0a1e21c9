/** From directions of the data of a cone program to the right-hand side of the tangent, and from the adjoint to gradients. */
import type { ConeData, ConePoint } from '../../solvers/cones/problem.ts';
import type { SparseMatrix } from '../../solvers/programs/problem.ts';
import {
  type GradientPlaces,
  gradientsOf as gradientsOfRows,
  rightSideOf as rightSideOfRows,
} from '../programs/directions.ts';

/** Directions of the data; one that is absent is 0. */
export interface ConeDirections {
  /** n × n; its symmetric part counts. */
  readonly P?: SparseMatrix;
  readonly A?: SparseMatrix;
  readonly b?: Float64Array;
  readonly c?: Float64Array;
}

/** Gradients in the data. */
export interface ConeGradients {
  /** n × n, row by row, symmetric; or one number for each entry of P that was given as entries. */
  readonly P: Float64Array;
  /** m × n, row by row; or one number for each entry of A that was given as entries. */
  readonly A: Float64Array;
  /** m */
  readonly b: Float64Array;
  /** n */
  readonly c: Float64Array;
}

/** −(dP x + dc + dAᵀy) and db − dA x, with the sizes of their terms. */
export function rightSideOf(
  { n, m }: Pick<ConeData, 'n' | 'm'>,
  { x, y }: ConePoint,
  { P, A, b, c }: ConeDirections,
): ReturnType<typeof rightSideOfRows> {
  // Rows without a state move with u.
  return rightSideOfRows({ n, m }, { x, y }, [], { P, A, q: c, u: b });
}

/** P̄ = ½(w_u xᵀ + x w_uᵀ), Ā = y w_uᵀ − b̄xᵀ and c̄ = w_u */
export function gradientsOf(
  { n, m }: Pick<ConeData, 'n' | 'm'>,
  { x, y }: Pick<ConePoint, 'x' | 'y'>,
  { wu, wv }: Readonly<Record<'wu' | 'wv', Float64Array>>,
  places: GradientPlaces = {},
): ConeGradients {
  const { P, A, q, u } = gradientsOfRows({ n, m }, { x, y }, [], { wu, wv, z: new Float64Array(m) }, places);
  return { P, A, b: u, c: q };
}
