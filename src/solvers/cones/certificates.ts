/**
 * Whether a vector certifies that a cone program has no feasible point, or that its objective has no lower bound.
 * - y with Aᵀy = 0, y ∈ K*, bᵀy < 0: a feasible point would give bᵀy = xᵀAᵀy + sᵀy ≥ 0.
 * - x with Px = 0, −Ax ∈ K, cᵀx < 0: from every feasible point the objective falls without end along x.
 * Errors are relative to the entries of the rows or columns in which they arise, so that a scaled program and the given
 * one judge alike.
 */
import type { ConeBlock } from '../../backends/cone-kernels.ts';
import { Sum, Sums } from '../programs/compensated.ts';
import type { SparseMatrix } from '../programs/problem.ts';
import { largestMagnitude } from '../programs/residuals.ts';
import { dualOf } from './cone.ts';
import type { ConeData } from './problem.ts';
import { distanceTo } from './residuals.ts';

/** Conditions that hold to this, relative to the certificate, hold. */
const EXACT = 1e-9;
/** The error must be so much less than the least one that a program with a solution in the limit could have. */
const CLEARLY = 1e-3;

/** The error of a vector of size 1, and how far bᵀy or cᵀx is below 0 then, relative to b or c. */
export interface Quality {
  readonly error: number;
  readonly depth: number;
}

export function infeasibilityOf({ n, A, b, blocks }: ConeData, y: Float64Array): Quality {
  const Aty = new Sums(n).addTransposedProduct(A, y).round();
  const error = Math.max(relativeSize(Aty, columnSizes(A)), distanceTo(blocks.map(dualOf), y));
  return qualityOf(error, b, y);
}

export function unboundednessOf({ n, m, P, A, c, blocks }: ConeData, x: Float64Array): Quality {
  const Px = new Sums(n).addProduct(P, x).round();
  const slack = new Sums(m).addProduct(A, x, -1).round();
  const sizes = rowSizes(A);
  const errors = blocks.map(({ start, rows, ...block }) => {
    const size = largestMagnitude(sizes.subarray(start, start + rows)) || 1;
    return distanceTo([{ ...block, rows, start: 0 }], slack.subarray(start, start + rows)) / size;
  });
  return qualityOf(Math.max(relativeSize(Px, columnSizes(P)), ...errors), c, x);
}

function qualityOf(error: number, slope: Float64Array, direction: Float64Array): Quality {
  const size = largestMagnitude(direction);
  const scale = size * largestMagnitude(slope);
  if (!(scale > 0)) return { error: Number.POSITIVE_INFINITY, depth: 0 };
  return { error: error / size, depth: -new Sum().addDot(slope, direction).value / scale };
}

/**
 * Whether it shows anything. A vector that violates the conditions by ε may be √ε from all that meet them, by ε only if
 * the cones are polyhedral (Sturm, "Error bounds for linear matrix inequalities", 2000): so a program that lacks a
 * solution only in the limit has vectors with small errors too, but only of a depth below √ε.
 */
export function isShown(blocks: readonly ConeBlock[], { error, depth }: Quality): boolean {
  const isPolyhedral = blocks.every(({ type }) => type === 'zero' || type === 'free' || type === 'nonneg');
  return depth > 0 && error <= EXACT && error <= CLEARLY * (isPolyhedral ? depth : depth ** 2);
}

/** @returns y with bᵀy = −1 if y shows that there is no feasible point */
export function checkInfeasibility(data: ConeData, y: Float64Array): Float64Array | undefined {
  return isShown(data.blocks, infeasibilityOf(data, y)) ? normalised(data.b, y) : undefined;
}

/** @returns x with cᵀx = −1 if x shows that the objective has no lower bound on the feasible points */
export function checkUnboundedness(data: ConeData, x: Float64Array): Float64Array | undefined {
  return isShown(data.blocks, unboundednessOf(data, x)) ? normalised(data.c, x) : undefined;
}

function normalised(slope: Float64Array, direction: Float64Array): Float64Array | undefined {
  const product = new Sum().addDot(slope, direction).value;
  const result = direction.map((value) => value / -product);
  return Number.isFinite(largestMagnitude(result)) ? result : undefined;
}

/** The largest of |vⱼ|/sizeⱼ. */
function relativeSize(v: Float64Array, sizes: Float64Array): number {
  return largestMagnitude(v.map((value, j) => value / (sizes[j] || 1)));
}

/** The largest entry of each column. */
function columnSizes({ columns, starts, values }: SparseMatrix): Float64Array {
  return Float64Array.from({ length: columns }, (_, j) => largestMagnitude(values.subarray(starts[j], starts[j + 1])));
}

/** The largest entry of each row. */
function rowSizes({ rows, indices, values }: SparseMatrix): Float64Array {
  const sizes = new Float64Array(rows);
  indices.forEach((row, k) => {
    sizes[row] = Math.max(sizes[row], Math.abs(values[k]));
  });
  return sizes;
}
