import { createResultError, FUNCTION } from '../arguments/check.ts';
import type { Arena } from '../tensor/arena.ts';
import { Engine } from '../tensor/engine.ts';
import { checkTogether, isTensor, TENSORS, type Tensor } from '../tensor/tensor.ts';
import { checkFollowed, tapeOf } from './follow.ts';
import { followedPushforward, pushforward } from './jacobian-products.ts';
import { checkShapes } from './linearisation.ts';
import { Tape } from './tape.ts';

/** A function to differentiate: computes one number from tensors, by tensor operations and implicit layers. */
export type LossFunction<Inputs extends readonly Tensor[] = Tensor[]> = (
  ...inputs: TensorsLike<Inputs>
) => Tensor | Promise<Tensor>;

/** One tensor for each of the inputs. Of a list whose length TypeScript does not know, a list of tensors. */
export type TensorsLike<Inputs extends readonly Tensor[]> = { -readonly [Place in keyof Inputs]: Tensor };

export function engineOf(name: string, inputs: readonly Tensor[]): Engine {
  TENSORS(`${name}: inputs`, inputs);
  if (inputs.length === 0) throw new RangeError(`${name}: inputs is empty; give at least one tensor`);
  const { context } = inputs[0];
  if (!(context instanceof Engine)) throw new Error(`${name}: the inputs must be tensors of an engine`);
  checkTogether(name, { inputs });
  return context;
}

/** Checks the result of the caller's function. A tensor that the function did not create becomes an alias. */
function checkResult(name: string, result: Tensor, arena: Arena): Tensor {
  const isOfEngine = isTensor(result) && !result.isDisposed && result.context instanceof Engine;
  if (!isOfEngine) throw createResultError(`${name}: the function`, result, 'a tensor, or a promise of one');
  return result.arena === arena ? result : (result.context as Engine).followIn(arena, result);
}

/** How a function is differentiated. */
interface TapeContext {
  /** The arguments for the function, which the tape follows. */
  readonly variables: Tensor[];
  readonly tape: Tape;
  /**
   * Whether the tape belongs to a function around this one, which differentiates through the derivative of this one.
   */
  readonly isNested: boolean;
  readonly arena: Arena;
  /** An alias of the tensor in the arena of the call. */
  readonly use: (tensor: Tensor) => Tensor;
}

/**
 * Calls `body` with a tape that follows the inputs; intermediate tensors are freed.
 * @param others further tensors that the derivative depends on
 */
async function runWithTape<Result>(
  name: string,
  inputs: readonly Tensor[],
  others: readonly Tensor[],
  body: (following: TapeContext) => Promise<Result>,
): Promise<Result> {
  const engine = engineOf(name, inputs);
  const around = tapeOf(name, [...inputs, ...others]);
  return engine.runInArena(async (arena) => {
    const use = (tensor: Tensor): Tensor => engine.followIn(arena, tensor);
    const tape = around ?? new Tape();
    try {
      // A variable of its own, so that everything else that depends on the input is held fixed.
      const variables = inputs.map((input) => (input.node ? use(input).reshape(input.shape) : tape.watch(use(input))));
      return await body({ variables, tape, isNested: around !== undefined, arena, use });
    } finally {
      if (!around) tape.dispose();
    }
  });
}

/**
 * Computes the loss and its gradients; both are enqueued but not awaited, and the caller disposes them.
 * @param lossOf receives the inputs, followed by a tape, and returns a tensor that holds one number
 * @param name the function that the user called, for error messages
 */
export function differentiate(
  lossOf: LossFunction,
  inputs: readonly Tensor[],
  name = 'differentiate',
): Promise<{ loss: Tensor; gradients: Tensor[] }> {
  return runWithTape(name, inputs, [], async ({ variables, tape, isNested, arena }) => {
    const loss = checkResult(name, await lossOf(...variables), arena);
    try {
      checkFollowed(name, 'the loss', loss, tape, false);
      const gradients = isNested ? tape.followedPullback(loss, variables) : tape.pullback(loss, variables);
      loss.node = undefined; // the loss outlives the tape, or is read as a number
      tape.reads += 1;
      return { loss, gradients };
    } catch (error) {
      loss.dispose();
      throw error;
    }
  });
}

/**
 * Computes the value of a scalar function and its gradients with respect to the inputs.
 *
 * If it is called inside a differentiated function that follows an input, the gradients are followed too and can be
 * differentiated again, as with `gradientOf`. The value is a number, through which no derivative passes.
 *
 * Rejects if a solve did not converge (no gradient is returned from a failed solve), if the loss does not hold one
 * number, or if it is not computed from the inputs, or only from numbers that were read: its gradient would be a
 * silent 0. An input that the loss does not use has the gradient 0.
 * @param lossOf written with tensor operations and implicit layers; the tensors that it creates are freed, as by
 *   `engine.tidy`
 * @returns the loss, and one gradient of the same shape for each input; dispose the gradients when done
 */
export async function valueAndGrad<const Inputs extends readonly Tensor[]>(
  lossOf: LossFunction<Inputs>,
  inputs: Inputs,
): Promise<[loss: number, gradients: TensorsLike<Inputs>]> {
  FUNCTION('valueAndGrad: lossOf', lossOf);
  const { loss, gradients } = await differentiate(lossOf as LossFunction, inputs, 'valueAndGrad');
  try {
    const [[value]] = await Promise.all([loss.data(), ...gradients.map((gradient) => gradient.verified())]);
    return [value, gradients as TensorsLike<Inputs>];
  } catch (error) {
    for (const gradient of gradients) gradient.dispose();
    throw error;
  } finally {
    loss.dispose();
  }
}

/**
 * Computes the value of a function and its derivative along a direction, f(x) and J(x)·t, in one pass forwards. At
 * kinks J takes the selections with which the operations are called, as `valueAndGrad` does.
 *
 * If it is called inside a differentiated function that follows an input or a tangent, both results are followed too.
 *
 * Rejects if a solve did not converge, if an operation has no forward mode, or if the output is computed from the
 * inputs only through numbers that were read. The tangent of an output that does not depend on the inputs is 0.
 * @param f written with tensor operations; the tensors that it creates are freed, as by `engine.tidy`
 * @param inputs x
 * @param tangents t, one tensor of the same shape for each input
 * @returns the output and its tangent, of the same shape; dispose both when done
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
  const results = await runWithTape(name, inputs, tangents, async ({ variables, tape, isNested, arena, use }) => {
    const { reads } = tape;
    const output = checkResult(name, await f(...variables), arena);
    checkFollowed(name, 'the output', output, tape, tape.reads === reads);
    const directions = tangents.map(use);
    const [tangent] = isNested
      ? followedPushforward(tape, variables, directions, [output])
      : pushforward(tape, variables, directions, [output]);
    if (!isNested) output.node = undefined; // the output outlives the tape
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
