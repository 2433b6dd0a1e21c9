/**
 * The largest buffers of a monotone convolution on WebGPU, with the sizes of the authors' network for CIFAR and with 200
 * channels: each fits the binding that every device grants. Programs are traced, and not run.
 */
import { expect, test } from 'vitest';
import { Tape } from '../../src/autodiff/tape.ts';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { lowerBatchedProduct } from '../../src/backends/webgpu/lower-batched.ts';
import { monotoneConvolution } from '../../src/index.ts';
import { emptyMemory } from '../../src/layers/layer.ts';
import { Engine } from '../../src/tensor/engine.ts';

/** The default of maxStorageBufferBindingSize, in bytes. */
const BINDING = 128 * 2 ** 20;
const BATCH = 128;

/** Notes the size of the largest slot of each Program, in numbers, and the products of batches, and runs nothing. */
function createTracingEngine() {
  const device = openCPU();
  const never = new Promise<never>(() => {});
  const largest: { readonly name: string; readonly size: number }[] = [];
  const products: Parameters<typeof lowerBatchedProduct>[0][] = [];
  const engine = new Engine({
    ...device,
    name: 'webgpu',
    run({ name, sizes, outputs, statements }) {
      largest.push({ name: name.slice(0, 60), size: Math.max(...sizes) });
      const visit = (steps: typeof statements): void => {
        for (const step of steps) {
          if (step.kernel === 'loop') visit(step.body);
          else if (step.kernel === 'batchedProduct') products.push(step);
        }
      };
      visit(statements);
      return outputs.map((slot) => device.uploadLater(sizes[slot], never));
    },
  });
  return { engine, largest, products };
}

test.each([81, 200])('%i channels of 32 × 32 pixels, forward and backward', async (channels) => {
  const { engine, largest, products } = createTracingEngine();
  const inputs = 3 * 32 ** 2;
  const layer = monotoneConvolution({ inputChannels: 3, channels, size: [32, 32], tolerance: 1e-2 });
  const tape = new Tape();
  const values = layer.parameters.map(({ shape }) =>
    tape.watch(engine.tensor(new Float32Array(shape.reduce((size, extent) => size * extent, 1)), shape)),
  );
  const x = engine.tensor(new Float32Array(BATCH * inputs), [BATCH, inputs]);
  const z = layer.forward(x, values, { solves: [], memory: emptyMemory() });
  tape.pullback(z, values, engine.tensor(new Float32Array(z.size), z.shape));
  expect(largest.some(({ name }) => name.startsWith('forward'))).toBe(true);
  expect(largest.some(({ name }) => name.startsWith('backward'))).toBe(true);
  // The images themselves, which no way of computing can avoid, take 34 · 34 numbers for each sample and channel.
  expect(Math.max(...largest.map(({ size }) => size))).toBeGreaterThanOrEqual(BATCH * channels * 34 ** 2);
  expect(largest.filter(({ size }) => 4 * size > BINDING)).toEqual([]);
  // All 18 · 34 frequencies take one dispatch.
  const overFrequencies = products.filter(({ batch, m }) => batch === 18 * 34 && m === BATCH);
  expect(overFrequencies.length).toBeGreaterThan(0);
  for (const call of overFrequencies) {
    const step = { kind: 'call', call, operands: [0, 1, 2, 3, 4, 5], output: 9, inPlace: 0 } as const;
    expect(lowerBatchedProduct(call, step, { tiled: true, dispatchWork: Number.POSITIVE_INFINITY })).toHaveLength(1);
  }
});
