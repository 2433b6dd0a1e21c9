/** The scope in which tensors of one call are created and freed. */
import type { Shape } from './shape.ts';
import type { Tensor } from './tensor.ts';

/** The scope of one call of `Engine.tidy`: what it creates or follows is freed when the call ends. */
export interface Scope {
  /**
   * Creates a tensor that is freed at the end of the scope, also after an `await`; arguments as for `Engine.tensor`.
   */
  tensor(values: ArrayLike<number>, shape?: Shape): Tensor;
  /**
   * Returns an alias of the tensor. Everything computed from the alias, also after an `await`, is freed at the end of
   * the scope.
   */
  use(tensor: Tensor): Tensor;
}
