/** What is tuned: parameters in a box, and the penalties that they stand for. */
import type { LassoOptions } from '../../implicit/lasso/options.ts';
import { PATH_DEPTH } from '../../implicit/lasso/path.ts';
import type { Tensor } from '../../tensor/tensor.ts';

export interface Penalty {
  readonly name: string;
  /** Names of the parameters; all are logarithms. */
  parameters(features: number): readonly string[];
  /** @param largest λ_max */
  bounds(largest: number, features: number): readonly (readonly [low: number, high: number])[];
  /**
   * Arguments of the Lasso from parameters [problems, parameters], each problem's penalties multiplied by its share.
   * @param logShares [problems]
   */
  options(parameters: Tensor, logShares: Tensor): Pick<LassoOptions, 'logLambda' | 'weights' | 'ridge'>;
}

const selectColumn = (parameters: Tensor, index: number): Tensor => {
  const [problems] = parameters.shape;
  return parameters.slice([0, index], [problems, 1]).reshape([problems]);
};

/** λ in [λ_max − 12, λ_max]: above it β is 0, below it what is left of the penalty is lost in rounding. */
const boundsBelow = (largest: number): readonly [number, number] => [largest - PATH_DEPTH, largest];

export const PENALTIES = {
  /** One λ for all features. */
  single: {
    name: 'single',
    parameters: () => ['lambda'],
    bounds: (largest) => [boundsBelow(largest)],
    options: (parameters, logShares) => ({ logLambda: selectColumn(parameters, 0).add(logShares) }),
  },
  /** One λ for each feature. */
  features: {
    name: 'features',
    parameters: (features) => Array.from({ length: features }, (_, feature) => `lambda ${feature}`),
    bounds: (largest, features) => Array.from({ length: features }, () => boundsBelow(largest)),
    options: (parameters, logShares) => ({ logLambda: logShares, weights: parameters.exp() }),
  },
  /** λ, and the logarithm of the elastic net's ρ in the same range. */
  'elastic-net': {
    name: 'elastic-net',
    parameters: () => ['lambda', 'log ridge'],
    bounds: (largest) => [boundsBelow(largest), boundsBelow(largest)],
    options: (parameters, logShares) => ({
      logLambda: selectColumn(parameters, 0).add(logShares),
      ridge: selectColumn(parameters, 1).add(logShares).exp(),
    }),
  },
} as const satisfies Record<string, Penalty>;
export type PenaltyName = keyof typeof PENALTIES;
