/** The layer inside TensorFlow.js by arrays: `tf.customGrad` waits for nothing, and neither do the backends cpu and wasm. */
import { type Engine, pullbackOf, readNow, type Tensor } from '../../src/index.ts';
import { differenceOf, equilibrium, type LayerInputs, ownGradients } from './layer.ts';
import { createNetwork, type LayerOperation } from './network.ts';
import type { ForeignTensor, TensorFlow } from './tensorflow.ts';

/**
 * @param engine on cpu or wasm
 * @param onSolve learns of the promises that say whether the solves converged
 */
export function layerOperation(
  tf: TensorFlow,
  engine: Engine,
  onSolve: (verified: Promise<void>) => void,
): LayerOperation {
  const take = (array: ForeignTensor): Tensor => engine.tensor(array.dataSync(), array.shape);
  const give = (tensor: Tensor): ForeignTensor => {
    const { numbers, verified } = readNow(tensor);
    onSolve(verified);
    return tf.tensor(numbers, tensor.shape, 'float32');
  };
  return tf.customGrad((...given) => {
    // The last argument saves tensors; here the pullback holds what it needs.
    const inputs = given.slice(0, 5).map(take) as unknown as LayerInputs;
    const { output, pullback, dispose } = pullbackOf(equilibrium, inputs);
    const gradFunc = (cotangent: ForeignTensor): ForeignTensor[] => {
      const u = take(cotangent);
      const gradients = pullback(u);
      const arrays = gradients.map(give);
      for (const tensor of [u, ...gradients, ...inputs]) tensor.dispose();
      dispose();
      return arrays;
    };
    return { value: give(output), gradFunc };
  });
}

/** The largest relative difference between the gradients that TensorFlow.js gets and those of the library alone. */
export async function compareByArrays(tf: TensorFlow, engine: Engine): Promise<number> {
  const { front, parameters } = createNetwork(tf);
  const solves: Promise<void>[] = [];
  const layer = layerOperation(tf, engine, (verified) => solves.push(verified));
  const arrays = [front(), ...parameters] as const;
  const inputs = arrays.map((array) => engine.tensor(array.dataSync(), array.shape)) as unknown as LayerInputs;
  const v = tf.randomUniform([64, 16], -1, 1, 'float32', 99);
  const expected = await ownGradients(inputs, engine.tensor(v.dataSync(), v.shape));
  const { grads } = tf.valueAndGrads((x, ...others) => tf.sum(tf.mul(layer(x, ...others), v)))(arrays);
  await Promise.all(solves);
  return differenceOf(
    grads.map((gradient) => gradient.dataSync()),
    expected,
  );
}

/** Trains the network by `optimiser.minimize` of TensorFlow.js. @returns the loss before each step */
export async function trainByArrays(tf: TensorFlow, engine: Engine, steps: number): Promise<number[]> {
  const { front, head, parameters, variables } = createNetwork(tf);
  let solves: Promise<void>[] = [];
  const layer = layerOperation(tf, engine, (verified) => solves.push(verified));
  const optimiser = tf.train.adam(0.03);
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    solves = [];
    const loss = optimiser.minimize(() => head(layer(front(), ...parameters)), true, variables);
    await Promise.all(solves); // rejects where one did not converge
    losses.push(loss?.dataSync()[0] ?? Number.NaN);
    loss?.dispose();
  }
  return losses;
}
