/**
 * The public face: nothing else is public.
 *
 * @module equilibra
 */

import './arguments/environment-types.ts';

export { DEFINABLE, type OperationName } from './autodiff/definable.ts';
export { jacobianVectorProduct, type LossFunction, type TensorsLike, valueAndGrad } from './autodiff/gradient.ts';
export { gradientOf } from './autodiff/gradient-of.ts';
export type { KinkedOperationName } from './autodiff/kinks.ts';
export { type Pullback, pullbackOf } from './autodiff/pullback-of.ts';
export type { AdapterDescription, BackendName, MemoryFigures } from './backends/backend.ts';
export type { GPUJSMode, GPUJSOptions } from './backends/gpujs/options.ts';
export { DeviceLostError } from './backends/lost.ts';
export type { OpenOptions } from './backends/open.ts';
export type { Dataset } from './data/dataset.ts';
export type { Graph } from './data/graphs/graph.ts';
export type { GraphShape } from './data/graphs/graph-samples.ts';
export type { Random } from './data/random.ts';
export type { Samples } from './data/samples.ts';
export type {
  CertificateArgument,
  CertificateStatus,
  ImplicitCertificate,
  LinearReport,
  SampleCertificate,
} from './implicit/certificate.ts';
export type { CertifyOptions } from './implicit/certify-options.ts';
export {
  type CanonicalForm,
  type CanonicalProgram,
  type CanonicalVariable,
  readCanonicalForm,
} from './implicit/cones/canonical-form.ts';
export type { ConeCertificates } from './implicit/cones/certificate.ts';
export {
  type ConeCotangent,
  type ConeDirection,
  type ConeSolution,
  type ConeValues,
  coneProgram,
} from './implicit/cones/cone-program.ts';
export type { ConeTangent } from './implicit/cones/derivative.ts';
export type { ConeGradients } from './implicit/cones/directions.ts';
export type { SampleConeGradients } from './implicit/cones/host-derivative.ts';
export type { ConeCertificate } from './implicit/cones/hypothesis.ts';
export type { ConeInterval } from './implicit/cones/interval.ts';
export type { ConeProgramOptions, ConeSolveOptions, ConeStart } from './implicit/cones/options.ts';
export type { NodeGradients, NodeInterval } from './implicit/declarative/node-interval.ts';
export {
  type OptimalTransport,
  type OptimalTransportOptions,
  optimalTransport,
} from './implicit/declarative/optimal-transport.ts';
export type { NodeOptions } from './implicit/declarative/options.ts';
export type { PoolingCertificate } from './implicit/declarative/pooling-sample.ts';
export {
  type PoolingGradients,
  type PoolingInterval,
  type RobustPooling,
  type RobustPoolingOptions,
  robustPooling,
} from './implicit/declarative/robust-pooling.ts';
export type { NodeSolution } from './implicit/declarative/solve-node.ts';
export type { NodeCertificates } from './implicit/declarative/solved-node.ts';
export { type TotalLeastSquares, totalLeastSquares } from './implicit/declarative/total-least-squares.ts';
export {
  type WeightedLeastSquares,
  type WeightedLeastSquaresOptions,
  weightedLeastSquares,
} from './implicit/declarative/weighted-least-squares.ts';
export type { DerivativeRange, GradientRange } from './implicit/derivative-range.ts';
export { type JacobianPenaltyOptions, jacobianPenalty } from './implicit/equilibrium/jacobian-penalty.ts';
export {
  type SpectralNormalisationOptions,
  spectralNormalisation,
} from './implicit/equilibrium/spectral-normalisation.ts';
export { CertificateError, type FailurePolicy } from './implicit/failure-policy.ts';
export { type GraphFixedPointOptions, graphFixedPoint } from './implicit/graphs/graph-fixed-point.ts';
export { type GraphProductOptions, graphProduct } from './implicit/graphs/graph-product.ts';
export type { ElementReport, Invertibility, InvertibilityArgument } from './implicit/hypothesis/hypothesis.ts';
export type { SmallestSingularValueOptions } from './implicit/hypothesis/matrix-free.ts';
export type { GradientInterval, IntervalOptions } from './implicit/interval.ts';
export { type ArgminOptions, argmin, type InverseOptions, inverse } from './implicit/inverse-and-argmin.ts';
export type { KinkPlace } from './implicit/kink-places.ts';
export type { OperationKink } from './implicit/kinks.ts';
export type { LassoCertificate, LassoSampleCertificate } from './implicit/lasso/certificate.ts';
export type { LassoInterval } from './implicit/lasso/interval.ts';
export { type LargestPenaltyOptions, largestPenalty } from './implicit/lasso/largest-penalty.ts';
export { type LassoReport, type LassoSolution, lasso } from './implicit/lasso/lasso.ts';
export type { LassoOptions, LassoSelection, LassoSolverName } from './implicit/lasso/options.ts';
export { type LassoPath, type LassoPathOptions, lassoPath } from './implicit/lasso/path.ts';
export { monotonicityMargin } from './implicit/margin.ts';
export { type MonotoneSolution, monotoneFixedPoint } from './implicit/monotone.ts';
export {
  type ConvolutionMapOptions,
  interiorMask,
  monotoneConvolutionMap,
} from './implicit/monotone-convolution.ts';
export type { MonotoneMapOptions, MonotoneOptions, SolveOptions } from './implicit/options.ts';
export { monotoneMap, monotoneMatrix } from './implicit/parametrisation.ts';
export type { ProgramCertificates } from './implicit/programs/certificate.ts';
export type { ProgramBounds } from './implicit/programs/data.ts';
export type { MatrixRows, ProgramMatrix, ProgramVector, SparseEntries } from './implicit/programs/datum.ts';
export type { ProgramTangent } from './implicit/programs/derivative.ts';
export type { Determined, ProgramGradients } from './implicit/programs/directions.ts';
export type { ProgramCotangent, ProgramDirection } from './implicit/programs/given-derivatives.ts';
export type { SampleGradients } from './implicit/programs/host-derivative.ts';
export type { ProgramCertificate } from './implicit/programs/hypothesis.ts';
export type { ProgramInterval } from './implicit/programs/interval.ts';
export type {
  LinearProgramOptions,
  ProgramSolveOptions,
  ProgramSolverName,
  ProgramStart,
  QuadraticProgramOptions,
} from './implicit/programs/options.ts';
export {
  linearProgram,
  type ProgramSolution,
  type ProgramValues,
  quadraticProgram,
} from './implicit/programs/quadratic-program.ts';
export { NoSolutionError, type ProgramReport, type ProgramSampleReport } from './implicit/programs/report.ts';
export type { ProgramTest } from './implicit/programs/verdicts.ts';
export { ballProjection, type SphereOptions, sphereProjection } from './implicit/projections/ball.ts';
export { type BoxOptions, boxProjection } from './implicit/projections/box.ts';
export { type ConeProjectionOptions, coneProjection } from './implicit/projections/cone.ts';
export {
  type ConeKink,
  type ConeProjector,
  type ProjectorOptions,
  projectOntoCones,
} from './implicit/projections/projector.ts';
export type { RadiusOptions } from './implicit/projections/radius.ts';
export { l1BallProjection, simplexProjection } from './implicit/projections/simplex.ts';
export { fixedPoint, type ImplicitSolution, type ImplicitSolve, root } from './implicit/root.ts';
export type {
  FixedPointEquation,
  FixedPointIteration,
  FixedPointOptions,
  OwnSolver,
  RootOptions,
} from './implicit/root-options.ts';
export type { LimitOptions } from './implicit/run-limits.ts';
export type { ImplicitSelection } from './implicit/selections.ts';
export { argsort, rank, topKMask } from './implicit/sorting/rank.ts';
export {
  isotonicRegression,
  type SoftRankOptions,
  type SoftSortOptions,
  softRank,
  softSort,
} from './implicit/sorting/soft.ts';
export { median, type SortOptions, sort, topK } from './implicit/sorting/sort.ts';
export type { SparseGroups } from './implicit/sparse/groups.ts';
export type { SparseCertificate, SparseSampleCertificate } from './implicit/sparse/hypothesis.ts';
export type { SparseInterval } from './implicit/sparse/interval.ts';
export { largestSparsePenalty, type SparsePenaltyOptions } from './implicit/sparse/largest-penalty.ts';
export type { SparseData, SparseLoss, SparseModelOptions, SparseSelection } from './implicit/sparse/options.ts';
export { type SparsePath, type SparsePathOptions, sparseModelPath } from './implicit/sparse/path.ts';
export { type SparseReport, type SparseSolution, sparseModel } from './implicit/sparse/sparse-model.ts';
export type { SupportVectorSampleCertificate } from './implicit/support-vectors/hypothesis.ts';
export type { SupportVectorInterval } from './implicit/support-vectors/interval.ts';
export type { SupportVectorData, SupportVectorOptions } from './implicit/support-vectors/options.ts';
export {
  type SupportVectorPath,
  type SupportVectorPathOptions,
  supportVectorMachinePath,
} from './implicit/support-vectors/path.ts';
export { type SupportVectorCostOptions, smallestSupportVectorCost } from './implicit/support-vectors/smallest-cost.ts';
export {
  type SupportVectorCertificate,
  type SupportVectorReport,
  type SupportVectorSolution,
  supportVectorMachine,
} from './implicit/support-vectors/support-vector-machine.ts';
export type { ImplicitFunction } from './implicit/system.ts';
export { type TunedStep, type TuningOptions, tunedStep } from './implicit/tuning.ts';
export { type ContractiveOptions, contractiveFixedPoint } from './implicit/well-posed/contractive.ts';
export { contractiveMatrix } from './implicit/well-posed/contractive-matrix.ts';
export type { NonExpansiveActivation } from './implicit/well-posed/non-expansive.ts';
export type { LayerActivation } from './layers/activate.ts';
export { type ActivationOptions, activation } from './layers/activation.ts';
export { type AveragePoolingOptions, averagePooling } from './layers/average-pooling.ts';
export { type BatchNormOptions, batchNorm } from './layers/batch-norm.ts';
export { CheckpointError, type NumberArray } from './layers/checkpoint/bytes.ts';
export type { ModelState, RememberedByLayer } from './layers/checkpoint/model-state.ts';
export { type ConeLayerOptions, coneLayer } from './layers/cone.ts';
export { type ContractiveLayerOptions, contractive } from './layers/contractive.ts';
export { type ConvolutionOptions, convolution } from './layers/convolution.ts';
export { type ConvolutionNetworkOptions, convolutionNetwork } from './layers/convolution-network.ts';
export { type DenseOptions, dense } from './layers/dense.ts';
export type { LayerDescription, LayerMaker } from './layers/description.ts';
export { type DropoutLayerOptions, dropout } from './layers/dropout.ts';
export { type EquilibriumOptions, equilibrium } from './layers/equilibrium.ts';
export { type FlattenOptions, flatten } from './layers/flatten.ts';
export type { GraphConstraint } from './layers/graph-weights.ts';
export { imageLayers } from './layers/image-layers.ts';
export type { Extents } from './layers/image-options.ts';
export { type ImplicitGraphOptions, implicitGraph } from './layers/implicit-graph.ts';
export { type ImplicitNodesOptions, implicitNodes } from './layers/implicit-nodes.ts';
export type {
  ForwardPass,
  ImageShape,
  Layer,
  Memory,
  ParameterSpecification,
  TrainingPass,
  Tuning,
} from './layers/layer.ts';
export { type LayerNormLayerOptions, layerNorm } from './layers/layer-norm.ts';
export { type MaximumPoolingOptions, maximumPooling } from './layers/maximum-pooling.ts';
export { type MonotoneLayerOptions, monotone } from './layers/monotone.ts';
export { type MonotoneConvolutionOptions, monotoneConvolution } from './layers/monotone-convolution.ts';
export type { WarmStart } from './layers/monotone-memory.ts';
export type { OutputBounds } from './layers/output-bounds.ts';
export type { ParameterArray } from './layers/parameter-arrays.ts';
export { loadParameters, saveParameters } from './layers/parameters-file.ts';
export type { ProgramMap } from './layers/program-parameters.ts';
export { type QuadraticLayerOptions, quadraticLayer } from './layers/quadratic.ts';
export { residual } from './layers/residual.ts';
export {
  type ForwardOptions,
  type Model,
  type NamedParameter,
  type Prediction,
  type PredictOptions,
  sequential,
} from './layers/sequential.ts';
export { type SparseCodingOptions, sparseCoding } from './layers/sparse-coding.ts';
export { loadStateDict, type StateDictOptions, type StateDictPrefix, stateDictOf } from './layers/state-dict.ts';
export type { TargetScale } from './layers/target-scale.ts';
export type { Activation, ActivationOption, MaskedActivation } from './solvers/activations.ts';
export type { Cone, ConeType } from './solvers/cones/cone.ts';
export type { Equation, Norms, ProximalMap } from './solvers/equation.ts';
export type { ForwardSolverName, GeneralSolverName, LinearSolverName } from './solvers/index.ts';
export type { Begun, Convergence, Iterate, Iteration } from './solvers/iteration.ts';
export type {
  Epilogue,
  LinearMap,
  LinearOperator,
  Margin,
  NormBounds,
  Orientation,
  Resolvent,
  ResolventOptions,
  StoredMatrix,
  TracedMap,
} from './solvers/linear-map.ts';
export type { PoolingPenalty } from './solvers/pooling/penalties.ts';
export {
  ConvergenceError,
  type FailureCause,
  type SampleReport,
  type SolveRecord,
  type SolveReport,
  type SolveStatus,
} from './solvers/report.ts';
export type { SteppedResolvent } from './solvers/resolvent.ts';
export { concat } from './tensor/concat.ts';
export { type Engine, open } from './tensor/engine.ts';
export {
  type GPUBufferOptions,
  gpuBufferOf,
  type NumbersNow,
  readNow,
  tensorFromGPUBuffer,
} from './tensor/gpu-buffers.ts';
export type { DropoutOptions, LayerNormOptions } from './tensor/normalise.ts';
export type { AxesOptions, MatmulOptions } from './tensor/operations.ts';
export type { Scope } from './tensor/scope.ts';
export type { Shape } from './tensor/shape.ts';
export type { KinkOptions, LoopContext, Tensor } from './tensor/tensor.ts';
export { type AdamOptions, type AdamWOptions, adam, adamW } from './train/adam.ts';
export type { AugmentationOptions } from './train/augmentation.ts';
export { type ModelFromOptions, modelFrom, saveCheckpoint } from './train/checkpoint/checkpoint.ts';
export { downloadCheckpoint } from './train/checkpoint/download.ts';
export { type Checkpoint, loadCheckpoint, type TrainingRecord } from './train/checkpoint/load.ts';
export type { CheckpointInfo, CheckpointOptions } from './train/checkpoint/options.ts';
export type { ClassWeights } from './train/class-weights.ts';
export { type ClipOptions, clipped } from './train/clipped.ts';
export type { EarlyStoppingOptions, EarlyStoppingState, WatchedQuantity } from './train/early-stopping.ts';
export { type EvaluateOptions, type Evaluation, evaluate, type RegressionEvaluateOptions } from './train/evaluate.ts';
export { type BatchLoss, crossEntropy, oneHot } from './train/losses.ts';
export type { Metric, Metrics } from './train/metrics.ts';
export type { Optimiser, OptimiserState, Sampling } from './train/optimiser.ts';
export type { RegressionLossOptions, RegressionTrainOptions, TrainOptions } from './train/options.ts';
export type {
  EpochCourse,
  EpochProgress,
  History,
  Progress,
  StepCourse,
  StepProgress,
  Tally as EpochTally,
} from './train/progress.ts';
export type { RegressionEvaluation, TargetEvaluation } from './train/regression/evaluation.ts';
export type { ErrorIntervals } from './train/regression/intervals.ts';
export { type HuberOptions, huberLoss, meanAbsoluteError, meanSquaredError } from './train/regression/losses.ts';
export type { TargetMeasures } from './train/regression/measures.ts';
export {
  type CosineOptions,
  constantRate,
  cosine,
  type ExponentialDecayOptions,
  exponentialDecay,
  type LinearWarmUpOptions,
  linearWarmUp,
  type OneCycleOptions,
  oneCycle,
  type PolynomialDecayOptions,
  polynomialDecay,
  SCHEDULE_NAMES,
  type Schedule,
  type ScheduleDescription,
  type StepDecayOptions,
  scheduleNamed,
  stepDecay,
} from './train/schedules.ts';
export { type SgdOptions, sgd } from './train/sgd.ts';
export {
  type StochasticGradient,
  type StochasticGradientOptions,
  stochasticGradient,
  type Theorem3Options,
} from './train/stochastic-gradient.ts';
export type { TaskEvaluation, TaskName, TaskSamples, TrainingMeasures } from './train/task.ts';
export { train } from './train/train.ts';
export {
  type Criterion,
  type CriterionSplit,
  crossValidation,
  type FoldSplit,
  type HeldOutSplit,
  heldOut,
  type Judge,
  type RowSplit as Rows,
  type SureOptions,
  sure,
} from './train/tune/criteria.ts';
export type { PenaltyName } from './train/tune/penalties.ts';
export type { TuneProgress, Visit } from './train/tune/progress.ts';
export type { TuneOptions, TuningOptimiser } from './train/tune/settings.ts';
export type { LineTuneOptions, LineTuneResult } from './train/tune/sparse/along-line.ts';
export type { SearchEnd } from './train/tune/sparse/search.ts';
export {
  type SparseTuneResult,
  type SparseVisit,
  type TuneSparseOptions,
  tuneSparseModel,
} from './train/tune/sparse/tune-sparse-model.ts';
export {
  type SupportVectorTuneResult,
  type SupportVectorVisit,
  type TuneSupportVectorOptions,
  tuneSupportVectorMachine,
} from './train/tune/sparse/tune-support-vector-machine.ts';
export { type TuneResult, tune } from './train/tune/tune.ts';
export type { MessageEnd } from './train/worker/messages.ts';
export { serveTraining, type WorkerOptions, type WorkerTraining } from './train/worker/serve.ts';
export { trainInWorker, type WorkerRun, type WorkerRunOptions } from './train/worker/train-in-worker.ts';
