/** Graphs without cycles, on which every implicit graph network is well posed, and how far errors spread in them. */
import type { Graph } from '../../data/graphs/graph.ts';
import { startsOf } from './sparse-pattern.ts';

/** A weighted graph, on the host. */
export type Entries = Pick<Graph, 'nodes' | 'sources' | 'targets' | 'weights'>;

/** The nodes in an order in which all edges of a weight ≠ 0 go forward; undefined where there is a cycle. */
export function orderWithoutCycles({ nodes, sources, targets, weights }: Entries): Int32Array | undefined {
  const waiting = new Int32Array(nodes);
  const starts = startsOf(sources, nodes);
  const leaving = new Int32Array(sources.length);
  const filled = starts.slice();
  for (const [edge, source] of sources.entries()) leaving[filled[source]++] = edge;
  for (const [edge, weight] of weights.entries()) if (weight !== 0) waiting[targets[edge]]++;
  const order = new Int32Array(nodes);
  let found = 0;
  for (let node = 0; node < nodes; node++) if (waiting[node] === 0) order[found++] = node;
  for (let at = 0; at < found; at++) {
    const node = order[at];
    for (let place = starts[node]; place < starts[node + 1]; place++) {
      const edge = leaving[place];
      if (weights[edge] !== 0 && --waiting[targets[edge]] === 0) order[found++] = targets[edge];
    }
  }
  return found === nodes ? order : undefined;
}

/**
 * A bound of ‖(I − DM)⁻¹‖₂ for every D in [−1, 1] where M = Aᵀ ⊗ W and A has no cycles: √(‖N‖₁·‖N‖∞) for N = (I − |M|)⁻¹, of which
 * both norms follow from one pass through the nodes.
 * @param W f × f, row-major
 */
export function amplificationWithoutCycles(graph: Entries, order: Int32Array, W: ArrayLike<number>, f: number): number {
  const turned = { ...graph, sources: graph.targets, targets: graph.sources };
  const transposed = Float64Array.from({ length: f * f }, (_, at) => W[(at % f) * f + Math.floor(at / f)]);
  return Math.sqrt(largestSum(graph, order, W, f) * largestSum(turned, order.slice().reverse(), transposed, f));
}

/** max (I − |Aᵀ ⊗ W|)⁻¹1 for an A without cycles. @param W f × f, row-major */
export function largestSum(
  { nodes, sources, targets, weights }: Entries,
  order: Int32Array,
  W: ArrayLike<number>,
  f: number,
): number {
  const into: number[][] = Array.from({ length: nodes }, () => []);
  for (const [edge, target] of targets.entries()) into[target].push(edge);
  const sums = new Float64Array(nodes * f);
  const message = new Float64Array(f);
  let largest = 0;
  for (const node of order) {
    message.fill(0);
    for (const edge of into[node]) {
      for (let k = 0; k < f; k++) message[k] += Math.abs(weights[edge]) * sums[sources[edge] * f + k];
    }
    for (let i = 0; i < f; i++) {
      let sum = 1;
      for (let k = 0; k < f; k++) sum += Math.abs(W[i * f + k]) * message[k];
      sums[node * f + i] = sum;
      largest = Math.max(largest, sum);
    }
  }
  return largest;
}
