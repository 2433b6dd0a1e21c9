/**
 * The layer inside TensorFlow.js on one device: buffers of the GPU go both ways and no number passes through the host.
 *
 * A solve on a GPU has to be waited for, and `tf.customGrad` waits for nothing. So a step has two passes: the first one
 * computes z, its cotangent and the gradients of the layer; in the second one, `tf.customGrad` has them at hand.
 */
import { type Engine, gpuBufferOf, pullbackOf, type Tensor, tensorFromGPUBuffer } from '../../src/index.ts';
import { differenceOf, equilibrium, type LayerInputs, ownGradients } from './layer.ts';
import { createNetwork } from './network.ts';
import type { ForeignTensor, TensorFlow } from './tensorflow.ts';

/** The numbers of a tensor of TensorFlow.js, which releases its buffer when ours is done with it. */
function take(engine: Engine, array: ForeignTensor): Tensor {
  const { buffer, tensorRef } = array.dataToGPU();
  return tensorFromGPUBuffer(engine, buffer, array.shape, { onRelease: () => tensorRef.dispose() });
}

/** A tensor of TensorFlow.js in the buffer of ours, for as long as ours lives. */
async function give(tf: TensorFlow, tensor: Tensor): Promise<ForeignTensor> {
  return tf.tensor({ buffer: await gpuBufferOf(tensor), zeroCopy: true }, tensor.shape, 'float32');
}

/** The largest relative difference between the gradients through both libraries and those of ours alone. */
export async function compareByBuffers(tf: TensorFlow, engine: Engine): Promise<number> {
  const { front, parameters } = createNetwork(tf);
  const arrays = [front(), ...parameters];
  const v = tf.randomUniform([64, 16], -1, 1, 'float32', 99);
  const numbers = await Promise.all([...arrays, v].map((array) => array.data()));
  const copied = numbers.map((values, index) => engine.tensor(values, [...arrays, v][index].shape));
  const expected = await ownGradients(copied.slice(0, 5) as unknown as LayerInputs, copied[5]);

  const inputs = arrays.map((array) => take(engine, array)) as unknown as LayerInputs;
  const { output, pullback, dispose } = pullbackOf(equilibrium, inputs);
  const z = await give(tf, output);
  const { grads } = tf.valueAndGrads((given) => tf.sum(tf.mul(given, v)))([z]);
  const gradients = pullback(take(engine, grads[0]));
  const shared = await Promise.all(gradients.map((gradient) => give(tf, gradient)));
  const found = await Promise.all(shared.map((array) => array.data()));
  dispose();
  return differenceOf(found, expected);
}

/** Trains the network by `optimiser.minimize` of TensorFlow.js. @returns the loss before each step */
export async function trainByBuffers(tf: TensorFlow, engine: Engine, steps: number): Promise<number[]> {
  const { front, head, parameters, variables } = createNetwork(tf);
  const optimiser = tf.train.adam(0.03);
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const hidden = front();
    const inputs = [hidden, ...parameters].map((array) => take(engine, array)) as unknown as LayerInputs;
    const { output, pullback, dispose } = pullbackOf(equilibrium, inputs);
    const z = await give(tf, output);
    const { value, grads } = tf.valueAndGrads(head)([z]);
    const cotangent = take(engine, grads[0]);
    const gradients = pullback(cotangent);
    const given = await Promise.all(gradients.map((gradient) => give(tf, gradient)));
    const layer = tf.customGrad(() => ({ value: z, gradFunc: () => given }));
    const cost = optimiser.minimize(() => head(layer(front(), ...parameters)), true, variables);
    // Reading the loss makes TensorFlow.js submit its work: only then may our buffers be used for something else.
    losses.push((await (cost ?? value).data())[0]);
    for (const tensor of [cotangent, ...gradients, ...inputs]) tensor.dispose();
    dispose();
    for (const array of [hidden, value, ...grads, ...(cost ? [cost] : [])]) array.dispose();
  }
  return losses;
}
