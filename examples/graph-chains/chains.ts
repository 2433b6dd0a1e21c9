/** Directed chains of nodes, whose class stands in the features of their first node alone. */
import { directedGraph, type Graph, joinGraphs } from '../../src/data/index.ts';
import { random } from '../../src/data/random.ts';

export const LENGTH = 50;
export const FEATURES = 4;
/** Chains of each class, for training and as many for the test. */
const CHAINS = 8;

export interface Chains {
  /** All chains as one graph. */
  readonly graph: Graph;
  /** nodes × FEATURES numbers. */
  readonly features: Float64Array;
  /** The class of each node, which is that of its chain. */
  readonly labels: Int32Array;
  /** The nodes of the chains for training. */
  readonly training: readonly boolean[];
  /** The last nodes of the chains for the test. */
  readonly farEnds: readonly boolean[];
}

export function chains(seed: number): Chains {
  const draws = random(seed);
  const count = 4 * CHAINS;
  const edges = Array.from({ length: LENGTH - 1 }, (_, node): [number, number] => [node, node + 1]);
  const chain = directedGraph({ nodes: LENGTH, edges });
  const classOf = (node: number): number => Math.floor(node / LENGTH) % 2;
  const isTraining = (node: number): boolean => node < (count * LENGTH) / 2;
  const nodes = Array.from({ length: count * LENGTH }, (_, node) => node);
  const features = new Float64Array(nodes.length * FEATURES);
  for (let first = 0; first < nodes.length; first += LENGTH) {
    for (let k = 0; k < FEATURES; k++) {
      const signal = k === classOf(first) ? 1 : 0;
      features[first * FEATURES + k] = signal + 0.2 * draws.normal();
    }
  }
  return {
    graph: joinGraphs(Array.from({ length: count }, () => chain)),
    features,
    labels: Int32Array.from(nodes, classOf),
    training: nodes.map(isTraining),
    farEnds: nodes.map((node) => !isTraining(node) && node % LENGTH === LENGTH - 1),
  };
}
