/**
 * What training needs only where it is asked for, in one file that is loaded then. Nothing here imports code of
 * training, which would divide that into more files; see `Shared`.
 */
export { createAugmentation } from './augmentation.ts';
export { createClassWeighting } from './class-weights.ts';
export { createStopper, readEarlyStopping } from './early-stopper.ts';
export { compareShapes } from './image-samples.ts';
export { computeMetrics } from './metrics.ts';
export { withProjections } from './projected.ts';
export { createRegression, evaluateRegression } from './regression/regression.ts';
export { withScaledWeights } from './weights.ts';
