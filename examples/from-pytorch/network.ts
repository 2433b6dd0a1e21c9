/** The network of network.py as a model here, and how far its outputs are from those that NumPy computed. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { numbersOf, parseSafetensors, readNPZ } from '../../src/data/index.ts';
import { dense, type Engine, loadStateDict, type Model, monotone, sequential } from '../../src/index.ts';

/** m, which the code of the network states and its parameters do not. */
const MARGIN = 0.5;

/** @param folder where network.safetensors is */
export async function loadNetwork(engine: Engine, folder: string): Promise<Model> {
  const { tensors } = parseSafetensors(await readFile(join(folder, 'network.safetensors')));
  const model = sequential(
    monotone({ inputs: 6, width: 20, margin: MARGIN, activation: 'relu', tolerance: 10 * engine.epsilon }),
    dense({ inputs: 20, outputs: 3 }),
  );
  loadStateDict(model, engine, tensors);
  return model;
}

interface Comparison {
  /** What the model computes, row by row. */
  readonly outputs: ArrayLike<number>;
  /** The largest distance from what NumPy computed. */
  readonly error: number;
}

/** @param folder where outputs.npz is */
export async function compareOutputs(engine: Engine, model: Model, folder: string): Promise<Comparison> {
  const arrays = await readNPZ(await readFile(join(folder, 'outputs.npz')));
  const [inputs, expected] = ['inputs', 'outputs'].map((name) => {
    const array = arrays.get(name);
    if (!array) throw new Error(`outputs.npz has no array ${name}`);
    return { shape: array.shape, values: numbersOf(array) };
  });
  const outputs = await engine.tidy((scope) => model.forward(scope.tensor(inputs.values, inputs.shape)).data());
  const error = Math.max(...Array.from(outputs, (output, index) => Math.abs(output - expected.values[index])));
  return { outputs, error };
}
