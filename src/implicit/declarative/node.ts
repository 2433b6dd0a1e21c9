/** What a declarative node is: a batch of small problems that the host solves in float64, with their derivatives. */
import type { Interruptible } from '../../backends/event-loop.ts';
import type { Engine } from '../../tensor/engine.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { SampleCertificate } from '../certificate.ts';
import type { NodeSettings } from './options.ts';

/** An argument that may be differentiated. */
export interface NodeArgument {
  readonly name: string;
  readonly tensor: Tensor;
  /** The number of its numbers that belong to one sample. */
  readonly width: number;
  /** Whether all samples share them. */
  readonly isShared: boolean;
}

/** q at the kinks: one number for all, or one for each place at which a kink may be. */
export type NodeSelection = number | Float64Array;

/** The derivative of one solution, for one selection. */
export interface NodeDerivative {
  /** The relative residual of its linear system. */
  readonly residual: number;
  /** Whether that is singular to the precision, so that there is no derivative. */
  readonly singular: boolean;
  /** The gradients of all arguments, in their order. @param cotangent of the row of outputs */
  pull(cotangent: Float64Array): readonly Float64Array[];
  /** The tangent of the row of outputs. @param tangents of the arguments, in their order; undefined stands for 0 */
  push(tangents: readonly (Float64Array | undefined)[]): Float64Array;
}

/** The certificate of one sample, and where its kinks are. */
export interface NodeExamination<Certificate extends SampleCertificate = SampleCertificate> {
  readonly certificate: Certificate;
  /** The places at kinks, and the distance of each from it. */
  readonly places: readonly { readonly index: number; readonly value: number; readonly distance: number }[];
}

/** One problem that was solved, or that was left unsolved. */
export interface NodeSample<Certificate extends SampleCertificate = SampleCertificate> {
  /** The outputs side by side. */
  readonly row: Float64Array;
  readonly isSolved: boolean;
  readonly iterations: number;
  /** Relative. */
  readonly residual: number;
  /** The residual that rounding leaves, where that is known. */
  readonly floor?: number;
  /** Why there is no gradient even of one side, such as a minimiser that jumps; undefined where there may be one. */
  readonly refusal?: string;
  differentiate(selection: NodeSelection): NodeDerivative;
  examine(): NodeExamination<Certificate>;
  /** Selections at which each gradient takes its least and its greatest value. Absent where nothing has kinks. */
  extremes?(): Iterable<NodeSelection>;
}

/** A batch of problems. */
export interface NodeProblem<Certificate extends SampleCertificate> {
  /** The public function that was called, for messages. */
  readonly what: string;
  readonly engine: Engine;
  readonly batch: number;
  /** The length of the row of outputs. */
  readonly width: number;
  readonly args: readonly NodeArgument[];
  readonly settings: NodeSettings;
  /** The name of the solver, for reports. */
  readonly solver: string;
  /** What the certificate looks at, in words that follow "looks at". */
  readonly examined: string;
  /** What a singular linear system means, and what helps. */
  readonly singular: string;
  /** What helps where a problem was not solved. */
  readonly unsolved: string;
  readonly selection: NodeSelection;
  /**
   * A tensor of the shape of the rows that is 0 at them, in operations that a tape follows: functions that call the node find its
   * kinks by it. Default: these remain unknown.
   */
  readonly equation?: (rows: Tensor, inputs: readonly Tensor[]) => Tensor;
  /** Whether the caller gave that selection. */
  readonly isSelected: boolean;
  /**
   * Solves one problem.
   * @param numbers those of each argument that belong to the sample
   * @throws RangeError where the numbers are not allowed
   */
  solve(
    numbers: readonly Float64Array[],
    sample: number,
    isCutShort: (() => boolean) | undefined,
  ): Interruptible<NodeSample<Certificate>>;
}
