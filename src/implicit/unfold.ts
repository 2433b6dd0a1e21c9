/** The equations of what a function solves itself, written down on its tape. */
import type { CustomOperation } from '../autodiff/custom.ts';
import { depends } from '../autodiff/linearisation.ts';
import type { Tape } from '../autodiff/tape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { monotoneResidual } from './monotone-equation.ts';

/** A custom operation whose equation is on the tape too. */
export interface UnfoldedSolution {
  /** Followed by the tape. */
  readonly output: Tensor;
  /** 0, followed by the tape: it depends on the output and on the inputs of the operation. */
  readonly residual: Tensor;
}

/** What `unfold` found. */
export interface Unfolded {
  readonly solutions: readonly UnfoldedSolution[];
  /** The names of the custom operations of which nobody knows whether they bend. */
  readonly opaque: readonly string[];
}

/**
 * Writes down the equations of all custom operations that depend on one of the tensors, and of those that these equations hold in
 * turn: their outputs can then be taken for unknowns. It is for those who examine a function: what is differentiated is recorded
 * before.
 * @param isWanted of which operations. Default: of all
 */
export function unfold(
  tape: Tape,
  watched: readonly Tensor[],
  isWanted: (operation: CustomOperation) => boolean = () => true,
): Unfolded {
  const solutions: UnfoldedSolution[] = [];
  const opaque: string[] = [];
  const dependent = new Set(tape.indicesOf(watched));
  // The list grows on the way.
  for (const entry of tape.operations) {
    const { operation, inputs, inputIndices, output, outputIndex, attributes } = entry;
    if (!depends(entry, dependent)) continue;
    dependent.add(outputIndex);
    if (operation !== 'custom' || !isWanted(attributes as CustomOperation)) continue;
    const { name = 'a custom operation', isSmooth = false, equation } = attributes as CustomOperation;
    if (equation) {
      const found = tape.aliasOf(output, outputIndex);
      const given = inputs.map((input, at) => tape.aliasOf(input, inputIndices[at]));
      const residual =
        typeof equation === 'function' ? equation(found, given) : monotoneResidual(equation, found, given);
      solutions.push({ output: found, residual });
    } else if (!isSmooth) opaque.push(name);
  }
  return { solutions, opaque };
}
