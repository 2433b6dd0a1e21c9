/** Whether samples that are images fit a model. */
import { isShapeOf } from '../data/image-shape.ts';
import type { AnySamples } from '../data/samples.ts';
import type { Model } from '../layers/sequential.ts';
import type { Shared } from './evaluation-parts.ts';

/** @throws RangeError where the shape of the samples is not one of their features, or the model takes another shape */
export function compareShapes(
  name: string,
  { shape, features }: AnySamples,
  { layers: [{ inputShape }] }: Model,
  { createArgumentError }: Shared,
): void {
  if (!isShapeOf(shape, features)) {
    throw createArgumentError(`${name}: shape`, shape, `extents whose product is features, ${features}`);
  }
  const [found, taken] = [shape, inputShape].map((each) => each?.join(' × '));
  if (shape?.length !== 3 || found === taken) return;
  throw new RangeError(`${name}: its images are ${found}, the model takes images of ${taken}`);
}
