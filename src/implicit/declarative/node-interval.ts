/** The range of every gradient of a declarative node over all selections at its kinks. */

import type { SampleCertificate } from '../certificate.ts';
import { type GradientRange, includeGradients } from '../derivative-range.ts';
import type { NodeArgument, NodeSample } from './node.ts';

/** Gradients of one sample, by the names of the arguments that are tensors. */
export type NodeGradients = Readonly<Record<string, Float64Array>>;

/** The range of each gradient of one sample, as far as it is bounded. */
export interface NodeInterval<Certificate extends SampleCertificate = SampleCertificate, Gradients = NodeGradients>
  extends Partial<GradientRange<Gradients>> {
  /** Whether the theorem applies to the sample. */
  readonly certificate: Certificate;
  /** Why there are no numbers. Absent where there are. */
  readonly reason?: string;
}

/** @param cotangent of the row of outputs */
export function intervalOf<Certificate extends SampleCertificate>(
  sample: NodeSample<Certificate>,
  args: readonly NodeArgument[],
  cotangent: Float64Array,
): NodeInterval<Certificate> {
  const { certificate } = sample.examine();
  if (certificate.status !== 'certified') {
    const reason = `no interval is known, because some selection may have no derivative: ${certificate.reason}`;
    return { certificate, reason };
  }
  let range: GradientRange<NodeGradients> | undefined;
  for (const selection of sample.extremes?.() ?? [0]) {
    const pulled = sample.differentiate(selection).pull(cotangent);
    range = includeGradients(range, Object.fromEntries(args.map(({ name }, index) => [name, pulled[index]])));
  }
  return { certificate, ...range };
}
