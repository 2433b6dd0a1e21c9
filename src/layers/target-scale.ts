/** How the outputs of a model for regression become targets in their own units: target = mean + deviation · output. */
export interface TargetScale {
  /** The mean of each target over the training samples. */
  readonly mean: readonly number[];
  /** The standard deviation of each target over the training samples; 1 for a target that is constant. */
  readonly deviation: readonly number[];
}
