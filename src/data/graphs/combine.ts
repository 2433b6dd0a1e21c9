/** Graphs made of other graphs: normalised ones, and several as one. */
import { BOOLEAN, createArgumentError, isList } from '../../arguments/check.ts';
import { type Checks, readOptions } from '../../arguments/options.ts';
import { type Entry, GRAPH, type Graph, graphFromEntries } from './graph.ts';

/** Options of `normalisedGraph`. */
export interface NormalisationOptions {
  /** Whether each node gets an edge to itself of the weight 1 first. Default true. */
  selfLoops?: boolean;
}

export const NORMALISATION: Checks<NormalisationOptions> = { selfLoops: BOOLEAN };

/**
 * The graph with the weights D^{−½}AD^{−½}, where Dᵢ is what node i receives or sends in all, Σ|weights|, whichever is
 * more. Its λ_pf(|A|) is at most 1, whatever the weights are, and exactly 1 for an undirected graph with weights > 0 and an edge.
 * @throws RangeError where the argument is no graph
 */
export function normalisedGraph(graph: Graph, options?: NormalisationOptions): Graph {
  GRAPH('normalisedGraph: graph', graph);
  const { selfLoops = true } = readOptions('normalisedGraph', options, NORMALISATION);
  const { nodes } = graph;
  const loops = Array.from({ length: selfLoops ? nodes : 0 }, (_, node): Entry => [node, node, 1]);
  const { sources, targets, weights } = graphFromEntries(nodes, [...entriesOf(graph), ...loops]);
  const degrees = degreesOf({ nodes, sources, targets, weights });
  const factors = degrees.map((degree) => (degree > 0 ? 1 / Math.sqrt(degree) : 0));
  const scaled = weights.map((weight, edge) => weight * factors[sources[edge]] * factors[targets[edge]]);
  return {
    nodes,
    sources,
    targets,
    weights: scaled,
    perronVector: degrees.map((degree) => (degree > 0 ? Math.sqrt(degree) : 1)),
  };
}

/** max(Σ |weights| received, Σ |weights| sent) of each node. */
function degreesOf({ nodes, sources, targets, weights }: Graph): Float64Array {
  const [received, sent] = [new Float64Array(nodes), new Float64Array(nodes)];
  for (const [edge, weight] of weights.entries()) {
    received[targets[edge]] += Math.abs(weight);
    sent[sources[edge]] += Math.abs(weight);
  }
  return received.map((amount, node) => Math.max(amount, sent[node]));
}

export function entriesOf({ sources, targets, weights }: Graph): Entry[] {
  return Array.from(weights, (weight, edge): Entry => [sources[edge], targets[edge], weight]);
}

/**
 * Several graphs as one, without edges between them: its adjacency matrix is block-diagonal. Nodes of a graph follow those of
 * the graphs before it.
 * @throws RangeError where the list is empty or holds something else
 */
export function joinGraphs(graphs: readonly Graph[]): Graph {
  if (!isList(graphs) || graphs.length === 0) {
    throw createArgumentError('joinGraphs: graphs', graphs, 'a list of at least one graph');
  }
  for (const [index, graph] of graphs.entries()) GRAPH(`joinGraphs: graphs[${index}]`, graph);
  const starts = [0];
  for (const { nodes } of graphs) starts.push(starts[starts.length - 1] + nodes);
  const shifted = (of: (graph: Graph) => Int32Array): Int32Array =>
    Int32Array.from(graphs.flatMap((graph, index) => Array.from(of(graph), (node) => node + starts[index])));
  const hints = graphs.map(({ perronVector }) => perronVector);
  return {
    nodes: starts[graphs.length],
    sources: shifted(({ sources }) => sources),
    targets: shifted(({ targets }) => targets),
    weights: Float64Array.from(graphs.flatMap(({ weights }) => Array.from(weights))),
    ...(hints.every((hint) => hint !== undefined) && {
      perronVector: Float64Array.from(hints.flatMap((hint) => Array.from(hint as Float64Array))),
    }),
  };
}
