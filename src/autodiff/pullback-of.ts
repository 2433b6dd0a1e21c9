import { createArgumentError, createResultError, FUNCTION } from '../arguments/check.ts';
import { Arena } from '../tensor/arena.ts';
import { Engine } from '../tensor/engine.ts';
import { formatShape } from '../tensor/shape.ts';
import { checkTogether, isTensor, TENSOR, type Tensor } from '../tensor/tensor.ts';
import { checkFollowed, tapeOf } from './follow.ts';
import { engineOf, type TensorsLike } from './gradient.ts';
import { Tape } from './tape.ts';

/** The value of a function, and the way back from its cotangents. */
export interface Pullback<Inputs extends readonly Tensor[] = Tensor[]> {
  /** What the function returned; `dispose` frees it. */
  readonly output: Tensor;
  /**
   * Enqueues Jᵀu, and returns at once. It may be called several times.
   * @param cotangent u, of the shape of the output
   * @throws Error where an input was overwritten since
   * @returns one tensor of the same shape for each input, which the caller disposes; reading one rejects where a solve
   *   did not converge
   */
  pullback(cotangent: Tensor): TensorsLike<Inputs>;
  /** Frees the output and what the pullback needs. Calling it again does nothing. */
  dispose(): void;
}

/**
 * Computes the value of a function, and keeps what its vector-Jacobian products Jᵀu need, for another library that
 * brings the cotangent u: all of it is enqueued at once and nothing is awaited. `valueAndGrad` is simpler where the
 * loss is computed here too.
 *
 * @param f written with tensor operations and implicit layers, not asynchronous. At kinks the derivative takes the
 *   selections with which the operations were called
 * @param inputs tensors of one engine
 * @throws RangeError where f returns no tensor, or one that is not computed from the inputs
 */
export function pullbackOf<const Inputs extends readonly Tensor[]>(
  f: (...inputs: TensorsLike<Inputs>) => Tensor,
  inputs: Inputs,
): Pullback<Inputs> {
  FUNCTION('pullbackOf: f', f);
  const engine = engineOf('pullbackOf', inputs);
  if (tapeOf('pullbackOf', inputs)) {
    throw new RangeError(
      'pullbackOf: inputs belong to a function that is differentiated; they must not: use gradientOf',
    );
  }
  const arena = new Arena();
  const tape = new Tape();
  const dispose = (): void => {
    tape.dispose();
    arena.empty();
  };
  try {
    const variables = inputs.map((input) => tape.watch(engine.aliasIn(arena, input)));
    const value = engine.ambient.runIn(arena, () => f(...(variables as TensorsLike<Inputs>)));
    if (!isTensor(value) || value.isDisposed || !(value.context instanceof Engine)) {
      throw createResultError('pullbackOf: the function', value, 'a tensor');
    }
    checkFollowed('pullbackOf', 'the value', value, tape, false);
    const writes = inputs.map((input) => engine.countWrites(input));
    const pullback = (cotangent: Tensor): TensorsLike<Inputs> => {
      const changed = inputs.findIndex((input, index) => engine.countWrites(input) !== writes[index]);
      if (changed >= 0) {
        throw new Error(
          `pullback: inputs[${changed}] was overwritten after the value was computed; call pullbackOf again`,
        );
      }
      TENSOR('pullback: cotangent', cotangent);
      checkTogether('pullback', { cotangent, inputs });
      if (String(cotangent.shape) !== String(value.shape)) {
        throw createArgumentError('pullback: cotangent', cotangent, `of the shape ${formatShape(value.shape)}`);
      }
      const products = tape.pullback(value, variables, engine.aliasIn(arena, cotangent));
      return products.map((product) => {
        const kept = engine.keepAlias(product);
        product.dispose();
        return kept;
      }) as TensorsLike<Inputs>;
    };
    return { output: engine.aliasIn(arena, value), pullback, dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}
