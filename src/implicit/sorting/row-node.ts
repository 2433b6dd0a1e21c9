/** Functions of rows that the host computes in float64, with their derivatives, as operations of tensors. */

import type { Tensor } from '../../tensor/tensor.ts';
import type { SampleCertificate } from '../certificate.ts';
import type { NodeArguments } from '../declarative/arguments.ts';
import { nodeSettings } from '../declarative/options.ts';
import { SolvedNode } from '../declarative/solved-node.ts';

/** The value of a function of one row, and its derivative for the selection q at kinks. */
export interface RowFunction {
  readonly row: Float64Array;
  /** The gradients of the arguments, in their order. */
  readonly pull: (cotangent: Float64Array, q: number) => readonly Float64Array[];
  readonly push: (tangents: readonly (Float64Array | undefined)[], q: number) => Float64Array;
}

/** Units of ε of the backend within which two numbers of a row are equal. */
const UNITS = 64;

/** The difference within which two numbers of a row are equal. */
export function toleranceOf(row: Float64Array, epsilon: number): number {
  return UNITS * epsilon * row.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
}

/**
 * A tensor of rows of n numbers.
 * @param selection undefined where the caller gave none
 * @param compute from the numbers of each argument
 * @param equation 0 at the rows, [batch, n], for the arguments that are tensors
 */
export function rowNode(
  what: string,
  given: NodeArguments,
  n: number,
  selection: number | undefined,
  compute: (numbers: readonly Float64Array[]) => RowFunction,
  equation: (rows: Tensor, inputs: readonly Tensor[]) => Tensor,
): Tensor {
  const { engine, args, batch, leading } = given;
  return engine.runOrFree(() => {
    const node = new SolvedNode<SampleCertificate>({
      what,
      engine,
      args,
      batch,
      width: n,
      // A projection onto a convex set always has a derivative, so that there is nothing to certify.
      settings: nodeSettings({ onFailedCertificate: 'ignore' }, 0),
      solver: 'pool adjacent violators',
      examined: 'the projection',
      singular: '',
      unsolved: '',
      selection: selection ?? USUAL,
      isSelected: selection !== undefined,
      equation,
      // biome-ignore lint/correctness/useYield: one row takes no longer than sorting it
      *solve(numbers) {
        const { row, pull, push } = compute(numbers);
        return {
          row,
          isSolved: true,
          iterations: 1,
          residual: 0,
          differentiate: (q) => ({
            residual: 0,
            singular: false,
            pull: (cotangent) => pull(cotangent, q as number),
            push: (tangents) => push(tangents, q as number),
          }),
          examine: () => ({ certificate: CERTIFIED, places: [] }),
        };
      },
    });
    const result = node.cut(0, [...leading, n]);
    node.dispose();
    return result;
  });
}

const USUAL = 0.5;

const CERTIFIED: SampleCertificate = {
  status: 'certified',
  argument: 'curvature',
  reason: 'the objective of the projection has the second derivative 1',
  kinks: 0,
  kinkTolerance: 0,
  nearlySingular: false,
};
