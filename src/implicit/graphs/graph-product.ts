/** Products with the adjacency matrix of a graph, as an operation on tensors. */
import { BOOLEAN } from '../../arguments/check.ts';
import { type Checks, readOptions } from '../../arguments/options.ts';
import { GRAPH, type Graph } from '../../data/graphs/graph.ts';
import { engineOf } from '../../tensor/engine-of.ts';
import { checkTogether, TENSOR, type Tensor } from '../../tensor/tensor.ts';
import { checkStates, checkWeights } from './graph-fixed-point.ts';
import { partsOf, uploadPattern, uploadWeights } from './sparse-pattern.ts';
import { sparseProduct } from './sparse-product.ts';

/** The options of `graphProduct`. */
export interface GraphProductOptions {
  /** AZ in place of AᵀZ: what each node receives against the direction of its edges. Default false. */
  transposed?: boolean;
  /** One number for each edge in place of the weights of the graph, to differentiate with respect to them. */
  weights?: Tensor;
}

const OPTIONS: Checks<GraphProductOptions> = { transposed: BOOLEAN, weights: TENSOR };

/**
 * AᵀZ, the sparse product with the adjacency matrix A of a graph: row j is the sum of the rows i of Z over the edges from i to j, each
 * times its weight. It is differentiable with respect to Z and the weights, any number of times, and works the same on every backend. It
 * takes room for as many rows as there are edges.
 * @param Z [nodes, features], or [batch, nodes, features]
 * @returns a tensor of the shape of Z
 * @throws RangeError where a shape or an option is wrong
 */
export function graphProduct(Z: Tensor, graph: Graph, options?: GraphProductOptions): Tensor {
  const what = 'graphProduct';
  GRAPH(`${what}: graph`, graph);
  checkStates(what, 'Z', Z, graph);
  const { transposed = false, weights } = readOptions(what, options, OPTIONS);
  checkTogether(what, { Z, weights });
  if (weights) checkWeights(what, weights, graph);
  const engine = engineOf(`${what}: Z`, Z);
  return engine.runOrFree(() => {
    const pattern = uploadPattern(engine, graph);
    const values = weights ?? uploadWeights(engine, graph);
    const product = sparseProduct(pattern, Z, values, transposed);
    // A tape that follows Z or the weights keeps what it needs.
    for (const tensor of partsOf(pattern)) tensor.dispose();
    if (!weights) values.dispose();
    return product;
  });
}
