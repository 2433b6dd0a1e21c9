/** The public face: nothing else is public. */

export { type LossFunction, valueAndGrad } from './autodiff/gradient.ts';
export type { AdapterDescription, BackendName, MemoryFigures } from './backends/backend.ts';
export type { OpenOptions } from './backends/open.ts';
export type { Dataset, Samples } from './data/dataset.ts';
export type { Certificate, Kink } from './implicit/certificate.ts';
export { monotonicityMargin } from './implicit/margin.ts';
export { type MonotoneSolution, monotoneFixedPoint } from './implicit/monotone.ts';
export type { MonotoneOptions, SolveOptions } from './implicit/options.ts';
export { monotoneMatrix } from './implicit/parametrisation.ts';
export { type DenseOptions, dense } from './layers/dense.ts';
export { type DropoutLayerOptions, dropout } from './layers/dropout.ts';
export type { ForwardPass, Layer, Memory, ParameterSpecification, TrainingPass } from './layers/layer.ts';
export { type LayerNormLayerOptions, layerNorm } from './layers/layer-norm.ts';
export { type MonotoneLayerOptions, monotone } from './layers/monotone.ts';
export {
  type ForwardOptions,
  type Model,
  type NamedParameter,
  type Prediction,
  sequential,
} from './layers/sequential.ts';
export type { Activation, ActivationOption } from './solvers/activations.ts';
export type { ForwardSolverName, LinearSolverName } from './solvers/index.ts';
export { ConvergenceError, type SampleReport, type SolveReport, type SolveStatus } from './solvers/report.ts';
export { concat } from './tensor/arrange.ts';
export { type Engine, open, type Scope } from './tensor/engine.ts';
export type { DropoutOptions, LayerNormOptions } from './tensor/normalise.ts';
export type { AxesOptions, MatmulOptions } from './tensor/operations.ts';
export type { Shape } from './tensor/shape.ts';
export type { KinkOptions, Tensor } from './tensor/tensor.ts';
export { type AdamOptions, adam } from './train/adam.ts';
export { type Evaluation, evaluate } from './train/evaluate.ts';
export { crossEntropy, meanSquaredError, oneHot } from './train/losses.ts';
export type { Optimiser, OptimiserState } from './train/optimiser.ts';
export { constantRate, type Schedule, type StepDecayOptions, stepDecay } from './train/schedules.ts';
export {
  type EpochProgress,
  type History,
  type Progress,
  type StepProgress,
  type TrainOptions,
  train,
} from './train/train.ts';
