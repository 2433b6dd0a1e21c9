/** Upper bounds of λ_pf(|A|) of a graph, on the host in float64. */
import { type Entries, orderWithoutCycles } from './cycles.ts';

/** What one product shows: |A|ᵀx ≤ bound·x with x > 0, so that λ_pf(|A|) ≤ bound. */
export interface GraphBound {
  /** Rounded upwards; exactly 0 where the graph has no cycles, without a vector that shows it. */
  readonly bound: number;
  /** x, [nodes], with the largest entry 1. */
  readonly vector: Float64Array;
  /** A bound of ‖A‖₂, by the test of Schur with the vector: √(max (|A|ᵀx)ᵢ/xᵢ · max (|A|x)ᵢ/xᵢ). */
  readonly norm: number;
  /** The nodes in the order of the edges, where there are no cycles. */
  readonly order: Int32Array | undefined;
}

/** Steps of the power iteration, each of which costs as much as a look at every edge. */
const STEPS = 300;
/** The share of the bound that is added to the diagonal, so that x stays positive and cycles do not hinder. */
const SHIFT = 0.25;
/** A bound that falls by less than this share is not worth another step. */
const PROGRESS = 1e-9;

/**
 * Bounds λ_pf(|A|): 0 where there are no cycles; otherwise by the vectors of a power iteration (Collatz 1942, Wielandt 1950)
 * and by a hint. Only the product with each is trusted, and its rounding is added.
 * @param size ‖W‖∞, for which the vector is taken that bounds errors best. Default: the one with the least bound
 */
export function boundGraph(graph: Entries, hint?: Float64Array, size?: number): GraphBound {
  const { nodes } = graph;
  const ones = new Float64Array(nodes).fill(1);
  const turned = { ...graph, sources: graph.targets, targets: graph.sources };
  const degree = Math.max(largestDegree(graph), largestDegree(turned));
  const boundOf = (x: Float64Array): Candidate => ({ bound: boundBy(graph, x, degree), vector: x });
  const normBy = (x: Float64Array): number => Math.sqrt(boundBy(graph, x, degree) * boundBy(turned, x, degree));
  const order = orderWithoutCycles(graph);
  if (order) return { bound: 0, vector: ones, norm: normBy(ones), order };
  const starts = [ones, ...(hint?.length === nodes && hint.every((value) => value > 0) ? [scaledToOne(hint)] : [])];
  let best = starts.map(boundOf).reduce((a, b) => better(a, b, size));
  let [x, before] = [best.vector, Number.POSITIVE_INFINITY];
  for (let step = 0; step < STEPS; step++) {
    const found = boundOf(x);
    best = better(best, found, size);
    if (!(found.bound < before * (1 - PROGRESS))) break;
    before = found.bound;
    const image = multiplyByAbsolute(graph, x);
    x = scaledToOne(image.map((value, i) => value + SHIFT * found.bound * x[i]));
    if (!x.every((value) => value > SMALLEST)) break;
  }
  const norm = Math.min(...[...starts, best.vector].map(normBy));
  return { ...best, norm, order: undefined };
}

type Candidate = Pick<GraphBound, 'bound' | 'vector'>;

/** Entries below this share of the largest make bounds of errors useless. */
const SMALLEST = 1e-8;

/** Of two that contract, the one that bounds errors by less; otherwise the one with the lesser bound. */
function better(a: Candidate, b: Candidate, size: number | undefined): Candidate {
  const [left, right] = [a, b].map(({ bound, vector }) => {
    const contraction = size === undefined ? Number.NaN : size * bound;
    return contraction < 1 ? spreadOf(vector) / (1 - contraction) : undefined;
  });
  if (left !== undefined && right !== undefined) return right < left ? b : a;
  return b.bound < a.bound ? b : a;
}

/** ‖x‖₂/min x: what the change from the norm max |eᵢ|/xᵢ to the Euclidean one may cost. */
export const spreadOf = (x: Float64Array): number => Math.hypot(...x) / x.reduce((a, b) => Math.min(a, b));

/** max (|A|ᵀx)ᵢ/xᵢ, and above it by more than the rounding of the sums. */
function boundBy(graph: Entries, x: Float64Array, degree: number): number {
  const image = multiplyByAbsolute(graph, x);
  const largest = image.reduce((most, value, i) => Math.max(most, value / x[i]), 0);
  return largest * (1 + (degree + 4) * Number.EPSILON);
}

/** |A|ᵀx */
function multiplyByAbsolute({ nodes, sources, targets, weights }: Entries, x: Float64Array): Float64Array {
  const image = new Float64Array(nodes);
  for (let edge = 0; edge < weights.length; edge++) {
    image[targets[edge]] += Math.abs(weights[edge]) * x[sources[edge]];
  }
  return image;
}

function largestDegree({ nodes, targets }: Entries): number {
  const degrees = new Int32Array(nodes);
  for (const target of targets) degrees[target]++;
  return degrees.reduce((most, degree) => Math.max(most, degree), 0);
}

function scaledToOne(x: Float64Array): Float64Array {
  const largest = x.reduce((most, value) => Math.max(most, value), 0);
  return x.map((value) => value / largest);
}

/** Whether A = Aᵀ. */
export function isSymmetric({ nodes, sources, targets, weights }: Entries): boolean {
  const placeOf = (a: number, b: number): number => a * nodes + b;
  const known = new Map<number, number>();
  for (const [edge, weight] of weights.entries()) known.set(placeOf(sources[edge], targets[edge]), weight);
  return weights.every((weight, edge) => known.get(placeOf(targets[edge], sources[edge])) === weight);
}
