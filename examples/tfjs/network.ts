/** A network of TensorFlow.js, whose variables TensorFlow.js trains: tanh, the equilibrium layer of `layer.ts`, and logits. */
import { drawSpirals } from './spirals.ts';
import type { ForeignTensor, TensorFlow, Variables } from './tensorflow.ts';

const [HIDDEN, WIDTH] = [8, 16];

/** The layer as an operation of x [batch, inputs] and of A, B, U and c. */
export type LayerOperation = (x: ForeignTensor, ...parameters: ForeignTensor[]) => ForeignTensor;

export interface Network {
  /** The hidden units of all points, [count, HIDDEN]. */
  front(): ForeignTensor;
  /** The loss of what the layer gives. */
  head(z: ForeignTensor): ForeignTensor;
  /** The parameters A, B, U and c of the layer. */
  readonly parameters: Variables;
  /** All variables, those of the layer included. */
  readonly variables: Variables;
}

export function createNetwork(tf: TensorFlow): Network {
  const { points, labels, count } = drawSpirals(64);
  const [x, y] = [tf.tensor(points, [count, 2], 'float32'), tf.tensor(labels, [count, 1], 'float32')];
  let seed = 0;
  const variable = (shape: readonly number[], fanIn: number): Variables[number] => {
    const reach = tf.tensor([1 / Math.sqrt(fanIn)], [1], 'float32');
    // The product is where the backend computes, such as on the GPU; what is drawn is on the host.
    return tf.variable(tf.mul(tf.randomUniform(shape, -1, 1, 'float32', ++seed), reach));
  };
  const [F, f] = [variable([2, HIDDEN], 2), variable([HIDDEN], 2)];
  const parameters = [
    variable([WIDTH, WIDTH], WIDTH),
    variable([WIDTH, WIDTH], WIDTH),
    variable([WIDTH, HIDDEN], HIDDEN),
    variable([WIDTH], HIDDEN),
  ];
  const [V, v] = [variable([WIDTH, 1], WIDTH), variable([1], WIDTH)];
  return {
    front: () => tf.tanh(tf.add(tf.matMul(x, F), f)),
    head: (z) => tf.losses.sigmoidCrossEntropy(y, tf.add(tf.matMul(z, V), v)),
    parameters,
    variables: [F, f, ...parameters, V, v],
  };
}
