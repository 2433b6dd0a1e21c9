/** A layer that a user defines by an equation, trained as in docs/implicit-functions.md. */
import { expect, test } from 'vitest';
import {
  dense,
  fixedPoint,
  type Layer,
  loadParameters,
  open,
  saveParameters,
  sequential,
  type Tensor,
  train,
} from '../../src/index.ts';
import { adam } from '../../src/train/adam.ts';
import { clouds } from '../support/clouds.ts';

test('z = tanh(Ŵz + Ux) with ‖Ŵ‖ < 1 learns three clouds, and its iterations are reported', async () => {
  const engine = await open({ backend: 'cpu' });
  const uniform = (size: number) => (random: { uniform(): number }) =>
    Float32Array.from({ length: size }, () => 0.5 * (2 * random.uniform() - 1));
  const own: Layer = {
    kind: 'own',
    inputs: 2,
    outputs: 6,
    parameters: [
      { name: 'W', shape: [6, 6], initial: uniform(36) },
      { name: 'U', shape: [2, 6], initial: uniform(12) },
    ],
    forward(x, [W, U], { solves }) {
      const f = (z: Tensor, input: Tensor, w: Tensor, u: Tensor): Tensor =>
        z
          .matmul(w.div(w.square().sum().sqrt().add(1)))
          .add(input.matmul(u))
          .tanh();
      const z = fixedPoint(f, { unknown: x.matmul(U), inputs: [x, W, U] });
      solves.push(z.solve);
      return z;
    },
  };
  const model = sequential(own, dense({ inputs: 6, outputs: 3 }));
  const memory: number[] = [];
  const { epochs } = await train(engine, model, clouds(60), {
    epochs: 12,
    batch: 20,
    optimiser: adam({ rate: 0.03 }),
    onProgress: ({ kind }) => void (kind === 'epoch' && memory.push(engine.memory().buffers)),
  });
  const last = epochs[epochs.length - 1];
  expect(last.accuracy).toBeGreaterThan(0.95);
  expect(last.iterationsForward).toBeGreaterThan(1);
  expect(last.iterationsBackward).toBeGreaterThan(1);
  expect(new Set(memory).size).toBe(1);
  engine.close();
});

test('parameters of one name are refused where a file would lose one of them', async () => {
  const engine = await open({ backend: 'cpu' });
  const parameters = [0.25, 0.75].map((value) => ({
    name: 'scale',
    shape: [1],
    initial: () => Float32Array.of(value),
  }));
  const own: Layer = { kind: 'own', inputs: 1, outputs: 1, parameters, forward: (x, [a, b]) => x.mul(a).add(b) };
  const model = sequential(own);
  model.initialise(engine, 1);
  const message = 'two parameters of the model are called 0.own.scale';
  await expect(saveParameters(model)).rejects.toThrow(message);
  const one = sequential({ ...own, parameters: parameters.slice(1), forward: (x, [a]) => x.mul(a) });
  one.initialise(engine, 1);
  const bytes = await saveParameters(one);
  expect(() => loadParameters(model, engine, bytes)).toThrow(message);
  engine.close();
});
