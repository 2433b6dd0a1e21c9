/** The penalties that can be tuned, each with parameters in a box. λ is the penalty and log λ its natural logarithm. */
import type { LassoOptions } from '../../implicit/lasso/options.ts';
import { PATH_DEPTH } from '../../implicit/lasso/path.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Bounds } from './search.ts';

interface Widening {
  readonly by: number;
  /** A parameter this close to an end lies at it. */
  readonly tolerance: number;
}

/** @param maxima whether each parameter may grow beyond its range, too */
function widen(
  bounds: Bounds,
  parameters: readonly number[],
  maxima: readonly boolean[],
  { by, tolerance }: Widening,
): Bounds | undefined {
  const wider = bounds.map(([low, high], index): readonly [number, number] => [
    parameters[index] <= low + tolerance ? low - by : low,
    maxima[index] && parameters[index] >= high - tolerance ? high + by : high,
  ]);
  return wider.some(([low, high], index) => low !== bounds[index][0] || high !== bounds[index][1]) ? wider : undefined;
}

export interface Penalty {
  readonly name: string;
  /** Names of the parameters, all of which are logarithms. */
  parameters(features: number): readonly string[];
  /** @param largest log λ_max */
  bounds(largest: number, features: number): readonly (readonly [low: number, high: number])[];
  /**
   * The bounds, wider at each end at which these parameters lie and beyond which the criterion can change; undefined
   * where there is none.
   */
  widened(bounds: Bounds, parameters: readonly number[], options: Widening): Bounds | undefined;
  /**
   * Returns the arguments of the Lasso for parameters [problems, parameters].
   * @param logShares [problems]: logarithms of the factors by which the penalties of each problem are multiplied
   */
  options(parameters: Tensor, logShares: Tensor): Pick<LassoOptions, 'logLambda' | 'weights' | 'ridge'>;
}

const selectColumn = (parameters: Tensor, index: number): Tensor => {
  const [problems] = parameters.shape;
  return parameters.slice([0, index], [problems, 1]).reshape([problems]);
};

/** log λ in [log λ_max − 12, log λ_max]. Above it β is 0; below it the penalty is too small to matter in float32. */
const boundsBelow = (largest: number): readonly [number, number] => [largest - PATH_DEPTH, largest];

export const PENALTIES = {
  /** One λ for all features. The parameter is log λ, whose name is 'lambda'. */
  single: {
    name: 'single',
    parameters: () => ['lambda'],
    bounds: (largest) => [boundsBelow(largest)],
    widened: (bounds, parameters, options) => widen(bounds, parameters, [false], options),
    options: (parameters, logShares) => ({ logLambda: selectColumn(parameters, 0).add(logShares) }),
  },
  /** One λ for each feature. The parameters are the log λ. */
  features: {
    name: 'features',
    parameters: (features) => Array.from({ length: features }, (_, feature) => `lambda ${feature}`),
    bounds: (largest, features) => Array.from({ length: features }, () => boundsBelow(largest)),
    widened: () => undefined,
    options: (parameters, logShares) => ({ logLambda: logShares, weights: parameters.exp() }),
  },
  /** log λ, and the logarithm of the elastic net's ridge ρ in the same range. */
  'elastic-net': {
    name: 'elastic-net',
    parameters: () => ['lambda', 'log ridge'],
    bounds: (largest) => [boundsBelow(largest), boundsBelow(largest)],
    widened: (bounds, parameters, options) => widen(bounds, parameters, [false, true], options),
    options: (parameters, logShares) => ({
      logLambda: selectColumn(parameters, 0).add(logShares),
      ridge: selectColumn(parameters, 1).add(logShares).exp(),
    }),
  },
} as const satisfies Record<string, Penalty>;
/**
 * The penalties that `tune` can choose: one λ, one λ for each feature, or λ and the ridge ρ of an elastic net.
 *
 * @useDeclaredType
 */
export type PenaltyName = keyof typeof PENALTIES;
