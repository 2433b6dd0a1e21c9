/** The tensors among the options of a Lasso, and what they become before the solve. */
import { isList } from '../../arguments/check.ts';
import { Arena } from '../../tensor/arena.ts';
import { engineOf } from '../../tensor/engine-of.ts';
import { isTensor, type Tensor } from '../../tensor/tensor.ts';
import type { CheckedLasso, LassoOptions } from './options.ts';
import type { OwnedTensors } from './owned-tensors.ts';
import type { Given } from './program.ts';

/**
 * What is computed from tensors belongs to their arena. If some of the options belong to the arena of a differentiated function
 * or of a `tidy`, the others are made to belong there too.
 */
export function moveToOneArena<Options extends Pick<LassoOptions, 'X'>>(options: Options): Options {
  const arena = Arena.of(tensorsOf(options));
  if (!arena) return options;
  const engine = engineOf('X', options.X);
  return replaceTensors(options, (tensor) => (tensor.arena || tensor.node ? tensor : engine.aliasIn(arena, tensor)));
}

/** The tensors among the options, except those that cannot be computed with: these are refused later, by name. */
export function tensorsOf<Options extends Pick<LassoOptions, 'X'>>(options: Options): Tensor[] {
  return Object.values(options).filter((value) => isUsable(value, options.X));
}

/** The options with `instead(tensor)` in place of each such tensor. */
export function replaceTensors<Options extends Pick<LassoOptions, 'X'>>(
  options: Options,
  instead: (tensor: Tensor) => Tensor,
): Options {
  const entries = Object.entries(options).map(([name, value]) => [
    name,
    isUsable(value, options.X) ? instead(value) : value,
  ]);
  return Object.fromEntries(entries) as Options;
}

function isUsable(value: unknown, X: Tensor): value is Tensor {
  return isTensor(value) && value.context === X.context && !value.isDisposed;
}

/** Numbers become tensors, and lists and vectors get the shapes that the Programs take; aliases stay on the tape of their originals. */
export function createArguments(
  { engine, features, rows }: CheckedLasso,
  options: LassoOptions,
  owned: OwnedTensors,
): Given {
  const { X, y, logLambda, weights, ridge } = options;
  const numbers = (value: number | readonly number[] | Tensor): Tensor => {
    if (typeof value === 'number') return engine.scalar(value);
    return isList(value) ? owned.add(engine.upload(value, [value.length], X)) : (value as Tensor);
  };
  const asRows = (value: Tensor, width: number): Tensor =>
    value.shape.length === 1 ? owned.add(value.reshape([1, width])) : value;
  return {
    y: asRows(y, rows),
    logLambda: numbers(logLambda),
    ...(weights && { weights: asRows(weights, features) }),
    ...(ridge !== undefined && { ridge: numbers(ridge) }),
  };
}
