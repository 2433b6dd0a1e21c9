/** Solves a batch of declarative nodes, and gives what every public function of them returns. */
import type { SolveReport } from '../../solvers/report.ts';
import type { Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { LinearReport, SampleCertificate } from '../certificate.ts';
import type { NodeArguments } from './arguments.ts';
import type { NodeProblem } from './node.ts';
import type { NodeInterval } from './node-interval.ts';
import { type NodeCertificates, SolvedNode } from './solved-node.ts';

/** What every declarative node returns besides its outputs. */
export interface NodeSolution<Certificate extends SampleCertificate = SampleCertificate> {
  /** The report of the solve, once it has ended. */
  readonly report: Promise<SolveReport>;
  /** The report and certificate of each linear solve for a gradient or a tangent, in the order in which these were asked for. */
  readonly backwardReports: readonly Promise<LinearReport>[];
  /** Decides whether the theorem applies to each sample. */
  certificate(): Promise<NodeCertificates<Certificate>>;
  /** Frees the outputs. Not needed inside `tidy` or a differentiated function. */
  dispose(): void;
}

/** What is made of a node. */
interface SolvedTensors<Certificate extends SampleCertificate> {
  readonly tensors: readonly Tensor[];
  readonly solution: NodeSolution<Certificate>;
  /** @param cotangent as many numbers as the rows of outputs have together */
  gradientIntervals(cotangent: Tensor): Promise<readonly NodeInterval<Certificate>[]>;
}

/**
 * @param outputs the shape of each output for one sample, in the order of the row
 * @returns the outputs, and the rest
 * @throws the signal's reason where it is aborted
 */
export function solveNode<Certificate extends SampleCertificate>(
  { engine, args, batch, leading }: NodeArguments,
  outputs: readonly { readonly shape: Shape; readonly width: number }[],
  problem: Omit<NodeProblem<Certificate>, 'engine' | 'args' | 'batch' | 'width'>,
): SolvedTensors<Certificate> {
  problem.settings.limits.signal?.throwIfAborted();
  const width = outputs.reduce((sum, output) => sum + output.width, 0);
  return engine.runOrFree(() => {
    const solved = new SolvedNode<Certificate>({ ...problem, engine, args, batch, width });
    let start = 0;
    const tensors = outputs.map((output) => {
      const cut = solved.cut(start, [...leading, ...output.shape]);
      start += output.width;
      return cut;
    });
    const solution: NodeSolution<Certificate> = {
      report: solved.report,
      backwardReports: solved.backwardReports,
      certificate: () => solved.certificate(),
      dispose() {
        for (const tensor of tensors) tensor.dispose();
        solved.dispose();
      },
    };
    return { tensors, solution, gradientIntervals: (cotangent) => solved.gradientIntervals(cotangent) };
  });
}
