/** The coefficients of a fitted model for the features as they are, and how many rows it classifies rightly. */
import type { ModelData } from './data.ts';
import type { FittedModel } from './tuning.ts';

/** One column of coefficients: that of a target or of a class, or the only one. */
export interface OutputModel {
  /** The class, or the column that is explained. */
  readonly name: string;
  readonly coefficients: Float64Array;
  readonly intercept: number;
  /** The coefficients of the standardised features. */
  readonly standardised: Float64Array;
}

/** The margins are intercept + Σ coefficients[j]·x[j], of features by unit; those of targets in their units. */
export function unscaleOutputs(data: ModelData, { beta, intercept }: FittedModel): readonly OutputModel[] {
  const { scaled, tasks, classes } = data;
  const { features, standardisation, target, targetMean } = scaled;
  const outputs = beta.length / features;
  const names = tasks?.map(({ name }) => name) ?? (outputs > 1 ? classes : undefined) ?? [target];
  return names.map((name, output): OutputModel => {
    const { mean = targetMean, deviation = 1 } = tasks?.[output] ?? {};
    const standardised = Float64Array.from({ length: features }, (_, feature) => beta[feature * outputs + output]);
    const coefficients = standardised.map((value, feature) => (deviation * value) / standardisation.deviation[feature]);
    const shift = coefficients.reduce((sum, value, feature) => sum + value * standardisation.mean[feature], 0);
    const whole = mean + deviation * intercept[output] - shift;
    return { name, coefficients, intercept: data.intercept ? whole : 0, standardised };
  });
}

/** The share of the rows, by weight, whose class has the largest margin; undefined where there are no classes. */
export function accuracyOf(data: ModelData, { beta, intercept }: FittedModel): number | undefined {
  const { classes, scaled, y, rowWeights } = data;
  if (!classes) return undefined;
  const { X, count, features } = scaled;
  const outputs = beta.length / features;
  let [right, whole] = [0, 0];
  for (let row = 0; row < count; row++) {
    const margins = Array.from({ length: outputs }, (_, output) => {
      let margin = intercept[output];
      for (let feature = 0; feature < features; feature++) {
        margin += X[row * features + feature] * beta[feature * outputs + output];
      }
      return margin;
    });
    const found = outputs === 1 ? (margins[0] > 0 ? 1 : -1) : margins.indexOf(Math.max(...margins));
    const weight = rowWeights?.[row] ?? 1;
    whole += weight;
    if (found === y[row]) right += weight;
  }
  return right / whole;
}
