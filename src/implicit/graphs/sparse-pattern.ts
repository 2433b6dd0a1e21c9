/** Which entries of a sparse matrix are not 0, as tensors: compressed rows of the matrix and of its transpose. */
import type { Graph } from '../../data/graphs/graph.ts';
import type { Engine } from '../../tensor/engine.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/**
 * Integers, stored as numbers, that say where the entries of a matrix are. They are inputs of Programs, which do not
 * depend on their values. An index beyond the last node stands for no node: zeros are read there.
 */
export interface SparsePattern {
  /** The source of each edge. */
  readonly from: Tensor;
  /** Its target. */
  readonly into: Tensor;
  /** The edges in the order of their targets. */
  readonly byTarget: Tensor;
  /** Where in that order those into each node begin, and where the last end. */
  readonly targetStarts: Tensor;
  /** The edges in the order of their sources. */
  readonly bySource: Tensor;
  /** Where in that order those from each node begin, and where the last end. */
  readonly sourceStarts: Tensor;
}

/** The tensors of a pattern, in the order in which `patternFrom` takes them. */
export const partsOf = (pattern: SparsePattern): readonly Tensor[] => [
  pattern.from,
  pattern.into,
  pattern.byTarget,
  pattern.targetStarts,
  pattern.bySource,
  pattern.sourceStarts,
];

export function patternFrom(parts: readonly Tensor[]): SparsePattern {
  const [from, into, byTarget, targetStarts, bySource, sourceStarts] = parts;
  return { from, into, byTarget, targetStarts, bySource, sourceStarts };
}

/** The numbers of a pattern. A graph without edges has one that belongs to no node, since a tensor cannot be empty. */
export function patternNumbers({ nodes, sources, targets }: Graph): readonly ArrayLike<number>[] {
  const empty = sources.length === 0;
  const edges = Array.from({ length: empty ? 1 : sources.length }, (_, edge) => edge);
  return [
    empty ? [nodes] : sources,
    empty ? [nodes] : targets,
    edges,
    startsOf(targets, nodes),
    [...edges].sort((a, b) => sources[a] - sources[b] || a - b),
    startsOf(sources, nodes),
  ];
}

/** Where the numbers of each node begin in a sorted list, and where the last end. */
export function startsOf(ends: Int32Array, nodes: number): Int32Array {
  const starts = new Int32Array(nodes + 1);
  for (const node of ends) starts[node + 1]++;
  for (let node = 0; node < nodes; node++) starts[node + 1] += starts[node];
  return starts;
}

/** Uploads the pattern of a graph. */
export function uploadPattern(engine: Engine, graph: Graph): SparsePattern {
  return patternFrom(patternNumbers(graph).map((numbers) => engine.tensor(numbers)));
}

/** The weights of a graph, one number for each edge of its pattern. */
export function uploadWeights(engine: Engine, { weights }: Graph): Tensor {
  return engine.tensor(weights.length === 0 ? [0] : weights);
}
