import type { Model } from '../../layers/sequential.ts';
import type { TargetScale } from '../../layers/target-scale.ts';

/** The scale of a model; a model that has none gives targets in their own units. */
export function scaleOf({ targetScale, outputs }: Model): TargetScale {
  return targetScale ?? identityScale(outputs);
}

export function identityScale(targets: number): TargetScale {
  return { mean: new Array<number>(targets).fill(0), deviation: new Array<number>(targets).fill(1) };
}
