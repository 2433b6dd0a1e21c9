/** Upper bounds of λ_pf(|A|) of a graph, on the host in float64. */
import { orderWithoutCycles, type Entries } from './cycles.ts';

/** What one product shows: |A|ᵀx ≤ bound·x with x > 0, so that λ_pf(|A|) ≤ bound. */
export interface GraphBound {
  /** Rounded upwards; exactly 0 where the graph has no cycles, without a vector that shows it. */
  readonly bound: number;
  /** x, [nodes], with the largest entry 1. */
  readonly vector: Float64Array;
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
 */
export function boundGraph(graph: Entries, hint?: Float64Array): GraphBound {
  const { nodes } = graph;
  const ones = new Float64Array(nodes).fill(1);
  const order = orderWithoutCycles(graph);
  if (order) return { bound: 0, vector: ones, order };
  const degree = largestDegree(graph);
  let best = boundBy(graph, ones, degree);
  if (hint?.length === nodes && hint.every((value) => value > 0)) {
    const found = boundBy(graph, scaledToOne(hint), degree);
    if (found.bound < best.bound) best = found;
  }
  let [x, before] = [best.vector, Number.POSITIVE_INFINITY];
  for (let step = 0; step < STEPS; step++) {
    const image = multiplyByAbsolute(graph, x);
    const { bound } = boundBy(graph, x, degree);
    if (bound < best.bound) best = { bound, vector: x };
    if (!(bound < before * (1 - PROGRESS))) break;
    before = bound;
    x = scaledToOne(image.map((value, i) => value + SHIFT * bound * x[i]));
    if (!x.every((value) => value > 0)) break;
  }
  return { ...best, order: undefined };
}

/** max (|A|ᵀx)ᵢ/xᵢ, and above it by more than the rounding of the sums. */
function boundBy(graph: Entries, x: Float64Array, degree: number): Pick<GraphBound, 'bound' | 'vector'> {
  const image = multiplyByAbsolute(graph, x);
  const largest = image.reduce((most, value, i) => Math.max(most, value / x[i]), 0);
  return { bound: largest * (1 + (degree + 4) * Number.EPSILON), vector: x };
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
