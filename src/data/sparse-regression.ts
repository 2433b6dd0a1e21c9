import { COUNT, createArgumentError, INDEX } from '../arguments/check.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import { type Random, random } from './random.ts';
import type { RegressionData } from './regression.ts';

/** Options of `sparseRegression`. */
export interface SparseRegressionOptions {
  /** The number of rows, an integer from 1. */
  count: number;
  /** The number of features, an integer from 1. */
  features: number;
  /** The number of features with a coefficient other than 0. Default: a tenth of them, at least one. */
  supportSize?: number;
  /**
   * The correlation ρ of neighbouring features, in (−1, 1). Features at distance k have the correlation ρᵏ. Default 0.
   */
  correlation?: number;
  /** The ratio ‖Xβ‖/‖noise‖ > 0; Infinity for no noise. Default 3. */
  signalToNoise?: number;
  /** The seed, an integer from 0. Default 0. */
  seed?: number;
}

const OPTIONS: Checks<SparseRegressionOptions> = {
  count: 0,
  features: 0,
  supportSize: 0,
  correlation: 0,
  signalToNoise: 0,
  seed: INDEX,
};

/** Made-up regression data that depend on few features, together with the true coefficients. */
export interface SparseRegression extends RegressionData {
  /** β in y = Xβ + noise, one coefficient per feature. */
  readonly coefficients: Float64Array;
  /** The features, from 0, whose coefficient is not 0, in ascending order. */
  readonly support: readonly number[];
  /** The standard deviation of the noise, √(‖noise‖²/count). */
  readonly noiseDeviation: number;
}

/**
 * Makes up data y = Xβ + noise. The features are normal with standard deviation 1, each correlated with the one before
 * it, and the noise is normal. A few random entries of β are not 0; they have random signs and magnitudes from ½ to 2.
 * The same seed yields the same numbers in every engine.
 *
 * @throws RangeError where an option is out of range
 */
export function sparseRegression(given: SparseRegressionOptions): SparseRegression {
  const options = readOptions('sparseRegression', given, OPTIONS);
  const { count, features, correlation = 0, signalToNoise = 3, seed = 0 } = options;
  COUNT('features', features);
  const { supportSize = Math.max(1, Math.round(features / 10)) } = options;
  checkOptions({ count, features, supportSize, correlation, signalToNoise });
  const generator = random(seed);
  const X = correlatedRows(count, features, correlation, generator.fork('features'));
  const { support, coefficients } = sparseCoefficients(features, supportSize, generator.fork('coefficients'));
  const signal = new Float64Array(count);
  for (let row = 0; row < count; row++) {
    for (const feature of support) signal[row] += X[row * features + feature] * coefficients[feature];
  }
  const ofNoise = generator.fork('noise');
  const noise = Float64Array.from(signal, () => ofNoise.normal());
  const scale = lengthOf(signal) / lengthOf(noise) / signalToNoise;
  return {
    name: 'sparse',
    count,
    features,
    X,
    y: signal.map((value, row) => value + scale * noise[row]),
    featureNames: Array.from({ length: features }, (_, feature) => `x${feature + 1}`),
    target: 'y',
    coefficients,
    support,
    noiseDeviation: (scale * lengthOf(noise)) / Math.sqrt(count),
  };
}

/**
 * xⱼ = ρ·xⱼ₋₁ + √(1 − ρ²)·zⱼ with independent normal z has standard deviation 1, and neighbours have the correlation ρ.
 */
function correlatedRows(count: number, features: number, correlation: number, generator: Random): Float64Array {
  const X = new Float64Array(count * features);
  const fresh = Math.sqrt(1 - correlation * correlation);
  for (let row = 0; row < count; row++) {
    for (let feature = 0; feature < features; feature++) {
      const at = row * features + feature;
      X[at] = feature === 0 ? generator.normal() : correlation * X[at - 1] + fresh * generator.normal();
    }
  }
  return X;
}

function sparseCoefficients(
  features: number,
  supportSize: number,
  generator: Random,
): { support: number[]; coefficients: Float64Array } {
  const support = [...generator.permutation(features).subarray(0, supportSize)].sort((a, b) => a - b);
  const coefficients = new Float64Array(features);
  for (const feature of support) {
    coefficients[feature] = (generator.integer(2) === 0 ? 1 : -1) * (0.5 + 1.5 * generator.uniform());
  }
  return { support, coefficients };
}

function lengthOf(values: Float64Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}

function checkOptions(options: Required<Omit<SparseRegressionOptions, 'seed'>>): void {
  const { features, correlation, signalToNoise } = options;
  const maximumOf = { count: 2 ** 31 - 1, features: 2 ** 31 - 1, supportSize: features };
  for (const name of ['count', 'features', 'supportSize'] as const) {
    const value = options[name];
    if (!Number.isInteger(value) || value < 1 || value > maximumOf[name]) {
      throw createArgumentError(name, value, `an integer from 1 to ${maximumOf[name]}`);
    }
  }
  if (options.count * features > 2 ** 32) {
    throw new RangeError(
      `count is ${options.count} and features is ${features}; their product may be at most ${2 ** 32}`,
    );
  }
  if (!(typeof correlation === 'number' && Math.abs(correlation) < 1)) {
    throw createArgumentError('correlation', correlation, 'a number above -1 and below 1');
  }
  if (!(typeof signalToNoise === 'number' && signalToNoise > 0)) {
    throw createArgumentError('signalToNoise', signalToNoise, 'a number above 0');
  }
}
