import { FUNCTION, refusalOfResult } from '../arguments/check.ts';
import type { Arena } from '../tensor/arena.ts';
import { Engine } from '../tensor/engine.ts';
import { checkTogether, TENSORS, Tensor } from '../tensor/tensor.ts';
import { checkShapes } from './linearisation.ts';
import { Tape } from './tape.ts';

export type LossFunction = (...inputs: Tensor[]) => Tensor | Promise<Tensor>;

function engineOf(name: string, inputs: readonly Tensor[]): Engine {
  TENSORS(`${name}: inputs`, inputs);
  if (inputs.length === 0) throw new RangeError(`${name}: inputs is empty; give at least one tensor`);
  const { context } = inputs[0];
  if (!(context instanceof Engine)) throw new Error(`${name}: the inputs must be tensors of an engine`);
  checkTogether(name, { inputs });
  return context;
}

/** What the caller's function returned; of a tensor that it has not made, such as one from outside, an alias. */
function checkedResult(name: string, result: Tensor, arena: Arena): Tensor {
  const isOfEngine = result instanceof Tensor && !result.isDisposed && result.context instanceof Engine;
  if (!isOfEngine) throw refusalOfResult(`${name}: the function`, result, 'a tensor, or a promise of one');
  return result.arena === arena ? result : (result.context as Engine).useIn(arena, result);
}

/**
 * The loss and its gradients, enqueued but not awaited. The caller disposes them.
 * @param lossOf gets the inputs, followed by a tape, and returns a tensor that holds one number
 */
export async function differentiate(
  lossOf: LossFunction,
  inputs: readonly Tensor[],
): Promise<{ loss: Tensor; gradients: Tensor[] }> {
  const engine = engineOf('valueAndGrad', inputs);
  return engine.inArena(undefined, async (arena) => {
    const tape = new Tape();
    try {
      const watched = inputs.map((input) => tape.watch(engine.useIn(arena, input)));
      const loss = checkedResult('valueAndGrad', await lossOf(...watched), arena);
      const gradients = tape.pullback(loss, watched);
      loss.node = undefined; // it outlives the tape
      return { loss, gradients };
    } finally {
      tape.dispose();
    }
  });
}

/**
 * The value of a scalar function and its gradients with respect to the inputs.
 *
 * Rejects if a solve on the way did not converge (a gradient is never returned from a failed solve) or if the loss does
 * not hold one number.
 * @param lossOf written with tensor operations and implicit layers; everything it makes is freed afterwards
 * @returns the loss and one gradient for each input, of its shape; dispose these when done
 */
export async function valueAndGrad(lossOf: LossFunction, inputs: readonly Tensor[]): Promise<[number, Tensor[]]> {
  FUNCTION('valueAndGrad: lossOf', lossOf);
  const { loss, gradients } = await differentiate(lossOf, inputs);
  try {
    const [[value]] = await Promise.all([loss.data(), ...gradients.map((gradient) => gradient.verified())]);
    return [value, gradients];
  } catch (error) {
    for (const gradient of gradients) gradient.dispose();
    throw error;
  } finally {
    loss.dispose();
  }
}

/**
 * The value of a function and its derivative along a direction: f(x) and J(x)·t, in one pass forwards. At kinks J takes the
 * selections with which the operations are called, as `valueAndGrad` does.
 *
 * Rejects if a solve on the way did not converge, or if an operation on the way has no forward mode.
 * @param f written with tensor operations; everything it makes is freed afterwards
 * @param inputs x
 * @param tangents t, one tensor for each input, of its shape
 * @returns the output and its tangent, of its shape; dispose both when done
 */
export async function jacobianVectorProduct(
  f: (...inputs: Tensor[]) => Tensor | Promise<Tensor>,
  inputs: readonly Tensor[],
  tangents: readonly Tensor[],
): Promise<[output: Tensor, tangent: Tensor]> {
  FUNCTION('jacobianVectorProduct: f', f);
  const engine = engineOf('jacobianVectorProduct', inputs);
  TENSORS('jacobianVectorProduct: tangents', tangents);
  checkTogether('jacobianVectorProduct', { inputs, tangents });
  checkShapes('tangents', tangents, inputs);
  const results = await engine.inArena(undefined, async (arena) => {
    const tape = new Tape();
    try {
      const watched = inputs.map((input) => tape.watch(engine.useIn(arena, input)));
      const output = checkedResult('jacobianVectorProduct', await f(...watched), arena);
      const directions = tangents.map((tangent) => engine.useIn(arena, tangent));
      const [tangent] = tape.pushforward(watched, directions, [output]);
      output.node = undefined; // it outlives the tape
      return [output, tangent] as const;
    } finally {
      tape.dispose();
    }
  });
  const [output, tangent] = results;
  try {
    await Promise.all(results.map((result) => result.verified()));
    return [output, tangent];
  } catch (error) {
    for (const result of results) result.dispose();
    throw error;
  }
}
