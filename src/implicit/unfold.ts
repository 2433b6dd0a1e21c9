/** Solves inside a function: their equations are written down on its tape. */
import type { CustomOperation } from '../autodiff/custom.ts';
import { dependsOn } from '../autodiff/linearisation.ts';
import type { Tape } from '../autodiff/tape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { traceResidual } from './monotone-equation.ts';

/** The solution of a custom operation whose equation is on the tape too. */
export interface UnfoldedSolution {
  /** Followed by the tape. */
  readonly output: Tensor;
  /**
   * The residual of the equation, which is 0 up to the solve's accuracy. The tape follows it to the output and the
   * operation's inputs.
   */
  readonly residual: Tensor;
}

/** The result of `unfold`. */
export interface Unfolded {
  readonly solutions: readonly UnfoldedSolution[];
  /** The names of custom operations that may have kinks, and bring no equation from which to find them. */
  readonly opaque: readonly string[];
}

/**
 * Writes the equations of all custom operations that depend on one of the tensors on the tape, and of those that these
 * equations contain in turn. The outputs of the operations can then be taken for unknowns. This is for examining a
 * function, after the operations to be differentiated have been recorded.
 * @param isWanted whether an operation is to be unfolded. Default: all are
 */
export function unfold(
  tape: Tape,
  watched: readonly Tensor[],
  isWanted: (operation: CustomOperation) => boolean = () => true,
): Unfolded {
  const solutions: UnfoldedSolution[] = [];
  const opaque: string[] = [];
  const dependent = new Set(tape.indicesOf(watched));
  // The list grows inside the loop, as equations are written down.
  for (const entry of tape.operations) {
    const { operation, inputs, inputIndices, output, outputIndex, attributes } = entry;
    if (!dependsOn(entry, dependent)) continue;
    dependent.add(outputIndex);
    if (operation !== 'custom' || !isWanted(attributes as CustomOperation)) continue;
    const { name = 'a custom operation', isSmooth = false, equation } = attributes as CustomOperation;
    if (equation) {
      const found = tape.aliasOf(output, outputIndex);
      const given = inputs.map((input, at) => tape.aliasOf(input, inputIndices[at]));
      const residual = typeof equation === 'function' ? equation(found, given) : traceResidual(equation, found, given);
      solutions.push({ output: found, residual });
    } else if (!isSmooth) opaque.push(name);
  }
  return { solutions, opaque };
}
