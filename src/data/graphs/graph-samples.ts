/** Graphs as rows of numbers, each of which holds a whole graph, for training on many of them. */
import { checkSingles, createArgumentError, INDEX, isList, NUMBERS, readField } from '../../arguments/check.ts';
import { type Checks, readOptions } from '../../arguments/options.ts';
import type { Samples } from '../samples.ts';
import { entriesOf, NORMALISATION } from './combine.ts';
import { GRAPH, type Graph, graphFromEntries } from './graph.ts';

/** What the rows of graphs have room for. A layer for them is made for one shape. */
export interface GraphShape {
  /** The most nodes that a graph may have. */
  readonly nodes: number;
  /** The most edges that a graph may have, each direction counted. */
  readonly edges: number;
  /** The numbers that each node has. */
  readonly features: number;
}

/** Stands for a node that does not exist: an edge from there brings nothing. Rows may hold no greater number. */
export const NO_NODE = 2 ** 23;

/**
 * A number that a row has in front, by which it is told from rows of another shape and from rows that something has changed, such as a
 * standardisation: their indices would be read as they are.
 */
export function signatureOf({ nodes, edges, features }: GraphShape): number {
  return 1 + (((nodes * 31 + edges) * 31 + features) % (NO_NODE - 1));
}

/** Where each part of a row begins, and where the row ends. */
export function partsOfRow({ nodes, edges, features }: GraphShape) {
  const lengths = {
    signature: 1,
    features: nodes * features,
    mask: nodes,
    from: edges,
    into: edges,
    weights: edges,
    targetStarts: nodes,
    bySource: edges,
    sourceStarts: nodes,
  };
  let at = 0;
  const starts = Object.fromEntries(
    Object.entries(lengths).map(([name, length]) => {
      at += length;
      return [name, at - length];
    }),
  ) as Record<keyof typeof lengths, number>;
  return { starts, lengths, width: at };
}

/** A graph with its features and its class. */
export interface LabelledGraph {
  /** The graph, with the weights as they are: normalisation is up to the layer. */
  readonly graph: Graph;
  /** nodes × features numbers, row-major. Graphs without features get one that is 1. */
  readonly features?: ArrayLike<number>;
  /** The class, an integer from 0. */
  readonly label: number;
}

/** Options of `graphSamples`. */
export interface GraphSamplesOptions {
  /** Whether each node gets an edge to itself of the weight 1. Default true. */
  selfLoops?: boolean;
  /** What the rows have room for, as of the training samples. Default: what the largest of these graphs needs. */
  shape?: GraphShape;
}

/** What `graphSamples` makes. */
export interface GraphSamples {
  /** One row for each graph. */
  readonly samples: Samples;
  /** What the rows have room for: the option of the layer `implicitGraph`. */
  readonly shape: GraphShape;
}

const OPTIONS: Checks<GraphSamplesOptions> = { ...NORMALISATION, shape: 0 };

/**
 * Samples for graph classification: a row holds the features of the nodes of one graph and its edges, padded to the same length, so
 * that batches may hold any of them. `splitSamples`, `train` and all others take them as they take other samples; rows must not be
 * standardised.
 * @throws RangeError where a graph, its features or its label is wrong, or does not fit into the shape
 */
export function graphSamples(graphs: readonly LabelledGraph[], given?: GraphSamplesOptions): GraphSamples {
  if (!isList(graphs) || graphs.length === 0) {
    throw createArgumentError('graphSamples: graphs', graphs, 'a list of at least one { graph, features, label }');
  }
  const { selfLoops = true, shape: wanted } = readOptions('graphSamples', given, OPTIONS);
  const read = Array.from(graphs, (each, index) => readGraph(`graphSamples: graphs[${index}]`, each, selfLoops));
  const shape = wanted ? readShape(wanted) : shapeOf(read);
  const { width } = partsOfRow(shape);
  const inputs = new Float32Array(read.length * width);
  for (const [index, each] of read.entries()) {
    checkFits(`graphSamples: graphs[${index}]`, each, shape);
    writeRow(inputs.subarray(index * width, (index + 1) * width), each, shape);
  }
  const labels = Int32Array.from(read, ({ label }) => label);
  return { samples: { inputs, labels, count: read.length, features: width }, shape };
}

interface ReadGraph {
  readonly graph: Graph;
  readonly features: ArrayLike<number>;
  readonly width: number;
  readonly label: number;
}

const FIELDS = ['graph', 'features', 'label'] as const;

function readGraph(place: string, given: LabelledGraph, selfLoops: boolean): ReadGraph {
  const [graph, features, label] = FIELDS.map((name) => readField(given, name)) as [Graph, ArrayLike<number>, number];
  GRAPH(`${place}.graph`, graph);
  INDEX(`${place}.label`, label);
  const { nodes } = graph;
  const numbers = features ?? new Float64Array(nodes).fill(1);
  NUMBERS(`${place}.features`, numbers);
  if (numbers.length === 0 || numbers.length % nodes !== 0) {
    throw new RangeError(
      `${place}.features has ${numbers.length} numbers; it must have the same count for each of ${nodes} nodes`,
    );
  }
  checkSingles(`${place}.features`, numbers);
  const loops = Array.from({ length: selfLoops ? nodes : 0 }, (_, node) => [node, node, 1] as const);
  const whole = graphFromEntries(nodes, [...entriesOf(graph), ...loops]);
  checkSingles(`${place}.graph.weights`, whole.weights);
  return {
    graph: whole,
    features: numbers,
    width: numbers.length / nodes,
    label,
  };
}

const shapeOf = (graphs: readonly ReadGraph[]): GraphShape => ({
  nodes: Math.max(...graphs.map(({ graph }) => graph.nodes)),
  edges: Math.max(1, ...graphs.map(({ graph }) => graph.weights.length)),
  features: graphs[0].width,
});

const ROOMS = ['nodes', 'edges', 'features'] as const;

/** @throws RangeError where a shape is not one that `graphSamples` makes */
export function readShape(shape: GraphShape, place = 'graphSamples: shape'): GraphShape {
  const [nodes, edges, features] = ROOMS.map((name) => readField(shape, name)) as [number, number, number];
  const isCount = (value: unknown): boolean =>
    Number.isInteger(value) && (value as number) > 0 && (value as number) < NO_NODE;
  if ([nodes, edges, features].every(isCount)) return { nodes, edges, features };
  throw createArgumentError(place, shape, `{ nodes, edges, features }, each a positive integer below ${NO_NODE}`);
}

function checkFits(place: string, { graph, width }: ReadGraph, shape: GraphShape): void {
  if (width !== shape.features) {
    throw new RangeError(`${place}.features has ${width} numbers for each node; the others have ${shape.features}`);
  }
  for (const [what, has, may] of [
    ['nodes', graph.nodes, shape.nodes],
    ['edges', graph.weights.length, shape.edges],
  ] as const) {
    if (has > may) throw new RangeError(`${place} has ${has} ${what}; the shape has room for ${may}`);
  }
}

function writeRow(row: Float32Array, { graph, features }: ReadGraph, shape: GraphShape): void {
  const { nodes, sources, targets, weights } = graph;
  const { starts, lengths } = partsOfRow(shape);
  const put = (name: keyof typeof starts, numbers: ArrayLike<number>, padding = 0): void => {
    row.fill(padding, starts[name], starts[name] + lengths[name]);
    row.set(numbers, starts[name]);
  };
  const bySource = Array.from({ length: shape.edges }, (_, edge) => edge);
  const sourceOf = (edge: number): number => sources[edge] ?? NO_NODE;
  put('signature', [signatureOf(shape)]);
  put('features', features);
  put('mask', new Float32Array(nodes).fill(1));
  put('from', sources, NO_NODE);
  put('into', targets, NO_NODE);
  put('weights', weights);
  put('targetStarts', firstEdges(targets, shape.nodes));
  put(
    'bySource',
    [...bySource].sort((a, b) => sourceOf(a) - sourceOf(b) || a - b),
  );
  put('sourceStarts', firstEdges(sources, shape.nodes));
}

/** How many ends lie before each node. */
function firstEdges(ends: Int32Array, nodes: number): Int32Array {
  const counts = new Int32Array(nodes + 1);
  for (const node of ends) counts[node + 1]++;
  for (let node = 0; node < nodes; node++) counts[node + 1] += counts[node];
  return counts.subarray(0, nodes);
}
