/** Graphs as the entries of their adjacency matrices that are not 0. */
import {
  COUNT,
  createArgumentCheck,
  createArgumentError,
  isList,
  isListOf,
  isObject,
  NUMBERS,
} from '../../arguments/check.ts';
import { type Checks, readOptions } from '../../arguments/options.ts';

/**
 * A graph, as the entries of its adjacency matrix A that are not 0: A[sources[e], targets[e]] = weights[e]. A node
 * receives along the edges of which it is the target. The edges are in the order of their targets, and of their sources where
 * these are equal.
 */
export interface Graph {
  /** The number of nodes, which are numbered from 0. */
  readonly nodes: number;
  /** The node from which each edge comes. */
  readonly sources: Int32Array;
  /** The node to which each edge goes. */
  readonly targets: Int32Array;
  /** The weight of each edge. */
  readonly weights: Float64Array;
  /** A vector x > 0 with |A|ᵀx ≤ x where one is known, as of a normalised graph. It is only a hint, to be checked. */
  readonly perronVector?: Float64Array;
}

/** A graph by its edges. */
export interface GraphOptions {
  /** The number of nodes, an integer from 1. Nodes without edges are allowed. */
  nodes: number;
  /** A pair of node numbers, from 0, for each edge: where it comes from, and where it goes. A node may have an edge to itself. */
  edges: readonly (readonly [number, number])[];
  /** A finite number for each edge. The weights of an edge that is listed twice are added. Default: all 1. */
  weights?: ArrayLike<number>;
}

const OPTIONS: Checks<GraphOptions> = { nodes: COUNT, edges: 0, weights: NUMBERS };

/**
 * A graph whose edges go in one direction.
 * @throws RangeError where an edge names a node that does not exist, or a weight is not finite
 */
export function directedGraph(given: GraphOptions): Graph {
  return graphOf('directedGraph', given, false);
}

/**
 * A graph whose edges go in both directions: its adjacency matrix is symmetric. Each edge is listed once.
 * @throws RangeError where an edge names a node that does not exist, or a weight is not finite
 */
export function undirectedGraph(given: GraphOptions): Graph {
  return graphOf('undirectedGraph', given, true);
}

function graphOf(what: string, given: GraphOptions, isUndirected: boolean): Graph {
  const { nodes, edges, weights } = readOptions(what, given, OPTIONS, 'nodes', 'edges');
  if (!isList(edges)) throw createArgumentError(`${what}: edges`, edges, 'a list of pairs of node numbers');
  if (weights && weights.length !== edges.length) {
    throw new RangeError(
      `${what}: weights has ${weights.length} numbers; it must have one for each of ${edges.length} edges`,
    );
  }
  const entries: Entry[] = [];
  for (const [index, edge] of edges.entries()) {
    const [source, target] = readEdge(`${what}: edges[${index}]`, edge, nodes);
    const weight = weights ? weights[index] : 1;
    if (!Number.isFinite(weight)) throw createArgumentError(`${what}: weights[${index}]`, weight, 'a finite number');
    entries.push([source, target, weight]);
    if (isUndirected && source !== target) entries.push([target, source, weight]);
  }
  const graph = graphFromEntries(nodes, entries);
  const infinite = graph.weights.findIndex((weight) => !Number.isFinite(weight));
  if (infinite < 0) return graph;
  const { sources, targets } = graph;
  throw new RangeError(
    `${what}: weights: those of the edge from ${sources[infinite]} to ${targets[infinite]} add up to ${graph.weights[infinite]}; the sum must be finite`,
  );
}

function readEdge(place: string, edge: unknown, nodes: number): readonly [number, number] {
  const isNode = (node: unknown): boolean =>
    Number.isInteger(node) && (node as number) >= 0 && (node as number) < nodes;
  if (isListOf(edge, isNode) && edge.length === 2) return edge as unknown as [number, number];
  throw createArgumentError(place, edge, `a pair of numbers of the ${nodes} nodes, integers from 0 to ${nodes - 1}`);
}

/** A source, a target and a weight. */
export type Entry = readonly [source: number, target: number, weight: number];

/** Sorts the entries, and adds those of the same place. */
export function graphFromEntries(nodes: number, entries: readonly Entry[]): Graph {
  const sorted = [...entries].sort((a, b) => a[1] - b[1] || a[0] - b[0]);
  const merged: [number, number, number][] = [];
  for (const [source, target, weight] of sorted) {
    const last = merged.at(-1);
    if (last && last[0] === source && last[1] === target) last[2] += weight;
    else merged.push([source, target, weight]);
  }
  return {
    nodes,
    sources: Int32Array.from(merged, ([source]) => source),
    targets: Int32Array.from(merged, ([, target]) => target),
    weights: Float64Array.from(merged, ([, , weight]) => weight),
  };
}

/** A graph that `directedGraph`, `undirectedGraph` or a function after them has made. */
export const GRAPH = /* @__PURE__ */ createArgumentCheck('a graph, such as directedGraph makes', (value) => {
  if (!isObject(value)) return false;
  const { nodes, sources, targets, weights } = value as Graph;
  const isInside = (node: number): boolean => node >= 0 && node < nodes;
  return (
    Number.isInteger(nodes) &&
    nodes > 0 &&
    sources instanceof Int32Array &&
    targets instanceof Int32Array &&
    weights instanceof Float64Array &&
    sources.length === weights.length &&
    targets.length === weights.length &&
    sources.every(isInside) &&
    targets.every((target, edge) => isInside(target) && (edge === 0 || targets[edge - 1] <= target)) &&
    weights.every(Number.isFinite)
  );
});
