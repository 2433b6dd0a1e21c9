/**
 * Whether a vector certifies that a cone program has no feasible point, or that its objective has no lower bound.
 * - y with Aᵀy = 0, y ∈ K*, bᵀy < 0: a feasible point would give bᵀy = xᵀAᵀy + sᵀy ≥ 0.
 * - x with Px = 0, −Ax ∈ K, cᵀx < 0: from every feasible point the objective falls without end along x.
 */
import type { ConeBlock } from '../../backends/cone-kernels.ts';
import { Sum, Sums } from '../programs/compensated.ts';
import type { SparseMatrix } from '../programs/problem.ts';
import { largestMagnitude } from '../programs/residuals.ts';
import { transpose } from '../programs/sparse.ts';
import { dualOf } from './cone.ts';
import type { ConeData } from './problem.ts';
import { distanceToCones } from './residuals.ts';

/** Conditions that hold to this, relative to the certificate and the entries of the data, hold. */
const EXACT = 1e-9;
/** The error must be so much less than the least one that a program with a solution in the limit could have. */
const CLEARLY = 1e-3;

/** The error of a certificate, and how far bᵀy or cᵀx is below 0, for a vector and data of size 1. */
export interface CertificateQuality {
  readonly error: number;
  readonly depth: number;
}

/** @returns y with bᵀy = −1 if y shows that there is no feasible point */
export function checkInfeasibility(data: ConeData, y: Float64Array): Float64Array | undefined {
  return isShown(data.blocks, infeasibilityQuality(data, y)) ? normalised(data.b, y) : undefined;
}

/** @returns x with cᵀx = −1 if x shows that the objective has no lower bound */
export function checkUnboundedness(data: ConeData, x: Float64Array): Float64Array | undefined {
  return isShown(data.blocks, unboundednessQuality(data, x)) ? normalised(data.c, x) : undefined;
}

/** How near y is to a certificate that there is no feasible point. */
export function infeasibilityQuality({ n, A, b, blocks }: ConeData, y: Float64Array): CertificateQuality {
  const size = largestMagnitude(y);
  const Aty = new Sums(n).addTransposedProduct(A, y).round();
  const error = Math.max(relativeSize(Aty, columnSizes(A)), distanceToCones(blocks.map(dualOf), y)) / size;
  return { error, depth: depthOf(b, y) };
}

/** How near x is to a certificate that the objective has no lower bound. */
export function unboundednessQuality({ n, m, P, c, A, blocks }: ConeData, x: Float64Array): CertificateQuality {
  const rows = columnSizes(transpose(A));
  const Px = new Sums(n).addProduct(P, x).round();
  const slack = new Sums(m).addProduct(A, x, -1).round();
  const distances = new Float64Array(m);
  for (const block of blocks) {
    const [start, end] = [block.start, block.start + block.rows];
    const scale = largestMagnitude(rows.subarray(start, end)) || 1;
    distances[start] = distanceToCones([{ ...block, start: 0 }], slack.subarray(start, end)) / scale;
  }
  const size = largestMagnitude(x);
  const error = Math.max(relativeSize(Px, columnSizes(P)), largestMagnitude(distances)) / size;
  return { error, depth: depthOf(c, x) };
}

/**
 * A vector that violates the conditions by ε may be √ε from all that meet them, by ε only if the cones are polyhedral
 * (Sturm, "Error bounds for linear matrix inequalities", 2000): so a program that lacks a solution only in the limit has
 * vectors with small errors too, but only of a depth below √ε.
 */
export function isShown(blocks: readonly ConeBlock[], { error, depth }: CertificateQuality): boolean {
  const isPolyhedral = blocks.every(({ type }) => type === 'zero' || type === 'free' || type === 'nonneg');
  return depth > 0 && error <= EXACT && error <= CLEARLY * (isPolyhedral ? depth : depth ** 2);
}

function depthOf(a: Float64Array, v: Float64Array): number {
  return -new Sum().addDot(a, v).value / (largestMagnitude(v) * largestMagnitude(a));
}

function normalised(a: Float64Array, v: Float64Array): Float64Array | undefined {
  const product = new Sum().addDot(a, v).value;
  const result = v.map((value) => value / -product);
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
