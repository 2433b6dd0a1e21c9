/** Samples that are images must have the shape of those that the model takes, not only as many numbers. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AnySamples } from '../../src/data/index.ts';
import { convolutionNetwork, dense, type Engine, evaluate, open, sequential, train } from '../../src/index.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await open({ backend: 'cpu' });
});
afterAll(() => engine.close());

const FEATURES = 24;
const SHAPE = [1, 4, 6] as const;

function samples<Wanted extends 'labels' | 'targets'>(wanted: Wanted, shape: readonly number[] | undefined) {
  const count = 4;
  const inputs = Float32Array.from({ length: count * FEATURES }, (_, index) => Math.sin(index));
  const compared = { labels: Int32Array.from([0, 1, 0, 1]), targets: new Float32Array(2 * count) }[wanted];
  return { inputs, count, features: FEATURES, shape, [wanted]: compared } as unknown as AnySamples;
}

const network = () => convolutionNetwork({ shape: SHAPE, outputs: 2, channels: 2 });
const trainOn = (data: AnySamples, validation = data) =>
  train(engine, network(), data as never, { epochs: 1, validation: validation as never });

test.each(['labels', 'targets'] as const)(
  'images of another shape with as many numbers are refused, with %s',
  async (wanted) => {
    const [own, turned] = [samples(wanted, SHAPE), samples(wanted, [1, 6, 4])];
    await expect(trainOn(turned)).rejects.toThrow(
      'train: data: its images are 1 × 6 × 4, the model takes images of 1 × 4 × 6',
    );
    await expect(trainOn(own, turned)).rejects.toThrow('train: validation: its images are 1 × 6 × 4');
    const model = network();
    model.initialise(engine, 0);
    await expect(evaluate(model, turned as never)).rejects.toThrow('evaluate: samples: its images are 1 × 6 × 4');
    await expect(evaluate(model, own as never)).resolves.toMatchObject({ count: 4 });
  },
);

test('a shape of other numbers is refused before any step', async () => {
  await expect(trainOn(samples('labels', [1, 4, 5]))).rejects.toThrow(
    'train: data: shape is [1, 4, 5]; it must be extents whose product is features, 24',
  );
});

test.each([
  ['none', undefined],
  ['a plain row', [FEATURES]],
] as const)('rows with the shape %s are taken as the images of the model', async (_, shape) => {
  await expect(trainOn(samples('labels', shape))).resolves.toMatchObject({ losses: [expect.any(Number)] });
});

test('a model of rows takes images of any shape', async () => {
  const model = sequential(dense({ inputs: FEATURES, outputs: 2 }));
  await expect(train(engine, model, samples('labels', [1, 6, 4]) as never, { epochs: 1 })).resolves.toBeDefined();
});
