/** Initial parameters with which a model is ridge regression, so that training only has to learn what is not linear. */
import type { RegressionSamples } from '../../data/samples.ts';
import type { Model } from '../../layers/sequential.ts';
import type { Engine } from '../../tensor/engine.ts';
import { fitRidge } from './ridge.ts';
import { fitScale, scaleTargets } from './scale.ts';

/** With more features, the normal equations would take longer than training. */
const MAXIMUM_FEATURES = 300;

/**
 * Initialises a model of a `monotone` layer with relu and a `dense` layer. For each target, two units of the monotone
 * layer take β·x and −β·x, without any part in W, so that z = relu(±β·x)/m and their difference is linear. The dense
 * layer reads these alone; the other units start as they always do, with the weight 0.
 * @returns whether the model starts so; where it has other layers, too few units or too many features, it starts at
 *   random
 */
export async function startLinear(
  model: Model,
  engine: Engine,
  samples: RegressionSamples,
  seed: number,
): Promise<boolean> {
  model.initialise(engine, seed);
  const [layer, last, ...others] = model.layers;
  const { width, margin = 1, activation = 'relu' } = (layer.options ?? {}) as Readonly<Record<string, number | string>>;
  const isKnown = layer.kind === 'monotone' && last?.kind === 'dense' && others.length === 0 && activation === 'relu';
  const fits = 2 * model.outputs <= Number(width) && samples.features <= MAXIMUM_FEATURES && samples.count > 1;
  if (!isKnown || !fits) return false;
  const scale = fitScale(samples);
  const { inputs, features, count, weights } = samples;
  const linear = fitRidge({ inputs, features, count, weights, targets: scaleTargets(samples, scale) }, seed);
  const [A, B, U, c, W, b] = await Promise.all(
    model.parameters.map(async ({ value }) => Float64Array.from(await value.data())),
  );
  const units = Number(width);
  W.fill(0);
  b.set(linear.map(({ intercept }) => intercept));
  for (const [target, { slopes }] of linear.entries()) {
    const length = Math.hypot(...slopes) || 1;
    for (const [unit, sign] of [
      [2 * target, 1],
      [2 * target + 1, -1],
    ]) {
      for (let other = 0; other < units; other++) {
        A[other * units + unit] = 0;
        B[other * units + unit] = 0;
        B[unit * units + other] = 0;
      }
      U.set(
        slopes.map((slope) => (sign * slope) / length),
        unit * features,
      );
      c[unit] = 0;
      W[target * units + unit] = sign * Number(margin) * length;
    }
  }
  const values = [A, B, U, c, W, b];
  const tensors = model.parameters.map(({ value }, index) => engine.tensor(values[index], value.shape));
  model.replaceParameters(tensors);
  return true;
}
