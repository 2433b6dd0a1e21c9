/** A graph network of fixed depth, for comparison: what it says of a node depends only on nodes within that distance. */
import { type Engine, graphProduct, type Layer, type ParameterSpecification, type Tensor } from '../../src/index.ts';
import { type Chains, FEATURES } from './chains.ts';

const matrix = (name: string, shape: readonly number[], fanIn: number): ParameterSpecification => ({
  name,
  shape,
  initial: (random) =>
    Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => (2 * random.uniform() - 1) / Math.sqrt(fanIn)),
});

/** X₀ = relu(ΩU), and X = relu(W_k X A + Ω_k U) from each layer k to the next. */
export function fixedDepth(engine: Engine, { graph, features }: Chains, width: number, depth: number): Layer {
  const depths = Array.from({ length: depth }, (_, k) => k);
  return {
    kind: 'fixedDepth',
    inputs: 1,
    outputs: width,
    parameters: [
      ...depths.map((k) => matrix(`W${k}`, [width, width], width)),
      ...[...depths, depth].map((k) => matrix(`Omega${k}`, [width, FEATURES], FEATURES)),
    ],
    forward(x, parameters) {
      const U = engine.tensor(features, [graph.nodes, FEATURES]);
      const driven = (k: number): Tensor => U.matmul(parameters[depth + k], { transposeB: true });
      let states = driven(depth).relu();
      for (const k of depths) {
        const received = graphProduct(states, graph).matmul(parameters[k], { transposeB: true });
        states = received.add(driven(k)).relu();
      }
      return rowsOf(x, engine, graph.nodes).matmul(states);
    },
  };
}

/** A row for each number of a node: 1 at that number, 0 elsewhere. */
function rowsOf(x: Tensor, engine: Engine, nodes: number): Tensor {
  const numbers = engine.tensor(
    Float64Array.from({ length: nodes }, (_, node) => node),
    [1, nodes],
  );
  return x.sub(numbers).abs().mul(-1).add(1).relu();
}
