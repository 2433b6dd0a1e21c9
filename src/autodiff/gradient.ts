import { FUNCTION, refusalOfResult } from '../arguments/check.ts';
import type { Arena } from '../tensor/arena.ts';
import { Engine } from '../tensor/engine.ts';
import { checkTogether, isTensor, TENSORS, type Tensor } from '../tensor/tensor.ts';
import { checkFollowed, tapeOf } from './follow.ts';
import { followedPushforward, pushforward } from './jacobian-products.ts';
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
  const isOfEngine = isTensor(result) && !result.isDisposed && result.context instanceof Engine;
  if (!isOfEngine) throw refusalOfResult(`${name}: the function`, result, 'a tensor, or a promise of one');
  return result.arena === arena ? result : (result.context as Engine).followedIn(arena, result);
}

/** How a function is differentiated. */
interface Following {
  /** Arguments of the function, followed by the tape. */
  readonly variables: Tensor[];
  readonly tape: Tape;
  /** Whether the tape is that of a function around this one, whose derivative goes on through the derivative of this one. */
  readonly isNested: boolean;
  readonly arena: Arena;
  /** The same tensor, in the arena of the call. */
  readonly use: (tensor: Tensor) => Tensor;
}

/**
 * Calls `body` with a tape that follows the inputs; what is made on the way is freed.
 * @param others what else the derivative depends on
 */
async function following<Result>(
  name: string,
  inputs: readonly Tensor[],
  others: readonly Tensor[],
  body: (following: Following) => Promise<Result>,
): Promise<Result> {
  const engine = engineOf(name, inputs);
  const around = tapeOf(name, [...inputs, ...others]);
  return engine.inArena(async (arena) => {
    const use = (tensor: Tensor): Tensor => engine.followedIn(arena, tensor);
    const tape = around ?? new Tape();
    try {
      // A variable of its own, which follows from the input: what else depends on that is held fixed.
      const variables = inputs.map((input) => (input.node ? use(input).reshape(input.shape) : tape.watch(use(input))));
      return await body({ variables, tape, isNested: around !== undefined, arena, use });
    } finally {
      if (!around) tape.dispose();
    }
  });
}

/**
 * The loss and its gradients, enqueued but not awaited. The caller disposes them.
 * @param lossOf gets the inputs, followed by a tape, and returns a tensor that holds one number
 * @param name of the function that was called, for messages
 */
export function differentiate(
  lossOf: LossFunction,
  inputs: readonly Tensor[],
  name = 'differentiate',
): Promise<{ loss: Tensor; gradients: Tensor[] }> {
  return following(name, inputs, [], async ({ variables, tape, isNested, arena }) => {
    const loss = checkedResult(name, await lossOf(...variables), arena);
    try {
      checkFollowed(name, 'the loss', loss, tape, false);
      const gradients = isNested ? tape.followedPullback(loss, variables) : tape.pullback(loss, variables);
      loss.node = undefined; // it outlives the tape, or is read as a number
      tape.reads += 1;
      return { loss, gradients };
    } catch (error) {
      loss.dispose();
      throw error;
    }
  });
}

/**
 * The value of a scalar function and its gradients with respect to the inputs.
 *
 * Where it is called in a differentiated function, and an input is followed there, the gradients are followed as well: they can be
 * differentiated in turn, as with `gradientOf`; the value is a number, through which no derivative goes.
 *
 * Rejects if a solve on the way did not converge (a gradient is never returned from a failed solve), if the loss does not hold
 * one number, or if it is not computed from the inputs, or only by way of numbers that were read: its gradient would be a silent 0.
 * An input that the loss does not use has the gradient 0.
 * @param lossOf written with tensor operations and implicit layers; what it makes is freed afterwards, as by `engine.tidy`
 * @returns the loss and one gradient for each input, of its shape; dispose these when done
 */
export async function valueAndGrad(lossOf: LossFunction, inputs: readonly Tensor[]): Promise<[number, Tensor[]]> {
  FUNCTION('valueAndGrad: lossOf', lossOf);
  const { loss, gradients } = await differentiate(lossOf, inputs, 'valueAndGrad');
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
 * Where it is called in a differentiated function, and an input or a tangent is followed there, so are both results.
 *
 * Rejects if a solve on the way did not converge, if an operation on the way has no forward mode, or if the output is computed from
 * the inputs only by way of numbers that were read. The tangent of an output that does not depend on them is 0.
 * @param f written with tensor operations; what it makes is freed afterwards, as by `engine.tidy`
 * @param inputs x
 * @param tangents t, one tensor for each input, of its shape
 * @returns the output and its tangent, of its shape; dispose both when done
 */
export async function jacobianVectorProduct(
  f: (...inputs: Tensor[]) => Tensor | Promise<Tensor>,
  inputs: readonly Tensor[],
  tangents: readonly Tensor[],
): Promise<[output: Tensor, tangent: Tensor]> {
  const name = 'jacobianVectorProduct';
  FUNCTION(`${name}: f`, f);
  TENSORS(`${name}: inputs`, inputs);
  TENSORS(`${name}: tangents`, tangents);
  checkTogether(name, { inputs, tangents });
  checkShapes('tangents', tangents, inputs);
  const results = await following(name, inputs, tangents, async ({ variables, tape, isNested, arena, use }) => {
    const { reads } = tape;
    const output = checkedResult(name, await f(...variables), arena);
    checkFollowed(name, 'the output', output, tape, tape.reads === reads);
    const directions = tangents.map(use);
    const [tangent] = isNested
      ? followedPushforward(tape, variables, directions, [output])
      : pushforward(tape, variables, directions, [output]);
    if (!isNested) output.node = undefined; // it outlives the tape
    return [output, tangent] as const;
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
