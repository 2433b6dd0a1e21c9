import type { Tensor } from '../tensor/tensor.ts';
import type { UniformSelection } from './selection.ts';

/** What is known of an operation when it is differentiated. */
export interface Recorded {
  readonly inputs: readonly Tensor[];
  readonly output: Tensor;
  readonly attributes: object;
  /** Given for all operations: a custom one hands it on to the solves that it holds. */
  readonly selection?: UniformSelection;
  /** The derivative, element by element, of an operation that has one in FACTORS or KINKS: the selection is taken. */
  readonly factor: () => Tensor;
}
