import type { Tensor } from '../tensor/tensor.ts';
import type { UniformSelection } from './selection.ts';

/** A recorded operation as the rules of differentiation see it. */
export interface Recorded {
  readonly inputs: readonly Tensor[];
  readonly output: Tensor;
  readonly attributes: object;
  /** The selection for all operations; a custom operation passes it on to the solves that it contains. */
  readonly selection?: UniformSelection;
  /** The element-wise derivative of an operation in `FACTORS` or `KINKS`; at kinks it takes the selection. */
  readonly factor: () => Tensor;
}
