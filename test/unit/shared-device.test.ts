/** Tensors from and to buffers of a device that the caller has, numbers at once, and pullbacks for another library. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDevice, USAGE } from '../../src/backends/webgpu/device.ts';
import {
  type Engine,
  gpuBufferOf,
  monotoneFixedPoint,
  open,
  pullbackOf,
  readNow,
  type Tensor,
  tensorFromGPUBuffer,
  valueAndGrad,
} from '../../src/index.ts';

let device: GPUDevice;
let close: () => void;
let engine: Engine;
let cpu: Engine;
let wasm: Engine;
beforeAll(async () => {
  const opened = await openDevice({});
  device = opened.device;
  close = opened.release;
  [engine, cpu, wasm] = await Promise.all([
    open({ device }),
    open({ backend: 'cpu' }),
    open({ backend: 'wasm', threads: 1 }),
  ]);
});
afterAll(() => {
  for (const each of [engine, cpu, wasm]) each.close();
  close();
});

const bufferOf = (
  values: readonly number[],
  bytes = 4 * values.length,
  usage = USAGE.storage | USAGE.copySource,
): GPUBuffer => {
  const buffer = device.createBuffer({ size: bytes, usage: usage | USAGE.copyTarget });
  device.queue.writeBuffer(buffer, 0, Float32Array.from(values));
  return buffer;
};

/** Reads a buffer as another library would: by commands of its own, on the same queue. */
async function readBuffer(buffer: GPUBuffer, count: number): Promise<number[]> {
  const target = device.createBuffer({ size: 4 * count, usage: USAGE.mapRead | USAGE.copyTarget });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, target, 0, 4 * count);
  device.queue.submit([encoder.finish()]);
  await target.mapAsync(USAGE.mapRead);
  const numbers = [...new Float32Array(target.getMappedRange().slice(0))];
  target.destroy();
  return numbers;
}

const solve = (W: Tensor, b: Tensor): Tensor => monotoneFixedPoint(W, b, { activation: 'relu', margin: 0.5 }).z;
const matrix = [0.25, 0, 0.125, -0.25];

describe('tensorFromGPUBuffer', () => {
  test('computes with the numbers of the buffer, and gives it back when the work is submitted', async () => {
    const buffer = bufferOf([1, 2, 3, 4], 64); // longer than the tensor
    const before = engine.memory();
    let released = 0;
    const x = tensorFromGPUBuffer(engine, buffer, [2, 2], { onRelease: () => released++ });
    const alias = x.reshape([4]);
    const y = x.mul(2);
    x.dispose();
    expect(released).toBe(0);
    alias.dispose();
    await engine.idle();
    expect(released).toBe(1);
    // Its owner may overwrite it now: what was computed from it stays.
    device.queue.writeBuffer(buffer, 0, new Float32Array(16));
    expect([...(await y.data())]).toEqual([2, 4, 6, 8]);
    y.dispose();
    expect(engine.memory().buffers).toBe(before.buffers);
    buffer.destroy();
  });

  test('neither reuses nor destroys the buffer, also where the engine is closed', async () => {
    const own = await open({ device });
    const buffer = bufferOf([1, 2, 3, 4], 256);
    tensorFromGPUBuffer(own, buffer, [4]).dispose();
    const others = [own.tensor([9, 9, 9, 9]), own.tensor([8, 8, 8, 8])]; // would take an idle buffer of this size
    await own.idle();
    expect(await readBuffer(buffer, 4)).toEqual([1, 2, 3, 4]);
    for (const other of others) other.dispose();
    tensorFromGPUBuffer(own, buffer, [4]);
    own.close();
    await device.queue.onSubmittedWorkDone();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await readBuffer(buffer, 4)).toEqual([1, 2, 3, 4]);
    buffer.destroy();
  });

  test('follows work that another library has submitted, and precedes what it submits later', async () => {
    const [source, buffer] = [bufferOf([5, 6]), bufferOf([1, 2])];
    const copy = (): void => {
      const encoder = device.createCommandEncoder();
      encoder.copyBufferToBuffer(source, 0, buffer, 0, 8);
      device.queue.submit([encoder.finish()]);
    };
    copy();
    let release: () => void = () => {};
    const isReleased = new Promise<void>((resolve) => {
      release = resolve;
    });
    const x = tensorFromGPUBuffer(engine, buffer, [2], { onRelease: release });
    const y = x.mul(10);
    x.dispose();
    await isReleased;
    device.queue.writeBuffer(source, 0, Float32Array.of(7, 8));
    copy();
    expect([...(await y.data())]).toEqual([50, 60]);
    for (const each of [source, buffer]) each.destroy();
  });

  test('refuses what is no such buffer', () => {
    const buffer = bufferOf([1, 2]);
    expect(() => tensorFromGPUBuffer(engine, buffer, [3])).toThrow('buffer has 8 bytes; it must have 12 for 3 numbers');
    expect(() => tensorFromGPUBuffer(cpu, buffer, [2])).toThrow('the engine is on cpu; it must be on webgpu');
    expect(() => tensorFromGPUBuffer(engine, {} as never, [2])).toThrow('buffer is {}; it must be a GPUBuffer');
    const other = bufferOf([1, 2], 8, USAGE.storage);
    expect(() => tensorFromGPUBuffer(engine, other, [2])).toThrow('it must have STORAGE (128) and COPY_SRC (4)');
    for (const each of [buffer, other]) each.destroy();
  });
});

describe('gpuBufferOf', () => {
  test('gives a buffer that holds the numbers, of a solve too, for what is submitted next', async () => {
    const W = engine.tensor(matrix, [2, 2]);
    const b = engine.tensor([1, -1, 0.5, 2], [2, 2]);
    for (const tensor of [W.mul(4), solve(W, b), W.reshape([4])]) {
      const expected = [...(await tensor.data())];
      expect(await readBuffer(await gpuBufferOf(tensor), tensor.size)).toEqual(expected);
      tensor.dispose();
    }
    // Nothing was read before: the work is submitted because the buffer is asked for.
    expect(await readBuffer(await gpuBufferOf(W.add(1).mul(2)), 4)).toEqual([2.5, 2, 2.25, 1.5]);
  });

  test('is the buffer itself, and that which came in goes out', async () => {
    const buffer = bufferOf([1, 2]);
    const x = tensorFromGPUBuffer(engine, buffer, [2]);
    expect(await gpuBufferOf(x)).toBe(buffer);
    x.dispose();
    await engine.idle();
    buffer.destroy();
  });

  test('rejects where a solve did not converge, and on other backends', async () => {
    const W = engine.tensor(matrix, [2, 2]);
    const b = engine.tensor([1, -1, 0.5, 2], [2, 2]);
    const { z } = monotoneFixedPoint(W, b, {
      activation: 'tanh',
      margin: 0.5,
      limit: 1,
      tolerance: 1e-6,
      solver: 'picard',
    });
    await expect(gpuBufferOf(z)).rejects.toThrow('limit');
    await expect(gpuBufferOf(cpu.tensor([1]))).rejects.toThrow('the engine is on cpu');
  });
});

describe('readNow', () => {
  test('gives the numbers at once, and a promise of whether the solves converged', async () => {
    for (const host of [cpu, wasm]) {
      const W = host.tensor(matrix, [2, 2]);
      const b = host.tensor([1, -1, 0.5, 2], [2, 2]);
      await solve(W, b).data(); // loads what the solve needs
      const z = solve(W, b);
      const { numbers, verified } = readNow(z);
      expect(numbers).toEqual(await z.data());
      await verified;
      const options = { activation: 'tanh', margin: 0.5, limit: 1, tolerance: 1e-6, solver: 'picard' } as const;
      const failed = readNow(monotoneFixedPoint(W, b, options).z);
      await expect(failed.verified).rejects.toThrow('limit');
    }
  });

  test('gives a copy', () => {
    const x = cpu.tensor([1, 2]);
    readNow(x).numbers[0] = 9;
    expect([...readNow(x).numbers]).toEqual([1, 2]);
  });

  test('refuses backends that cannot', () => {
    expect(() => readNow(engine.tensor([1]))).toThrow('the tensor is on webgpu; it must be on cpu or wasm');
  });
});

describe('pullbackOf', () => {
  test('gives the products that valueAndGrad gives, on every backend, and frees everything', async () => {
    for (const each of [cpu, wasm, engine]) {
      const W = each.tensor(matrix, [2, 2]);
      const b = each.tensor([1, -1, 0.5, 2], [2, 2]);
      const u = each.tensor([1, 2, -1, 3], [2, 2]);
      const [, expected] = await valueAndGrad(
        (...given) =>
          solve(...given)
            .mul(u)
            .sum(),
        [W, b],
      );
      const z = await each.tidy(() => solve(W, b).data());
      const double = u.mul(2);
      const expectedNumbers = await Promise.all(expected.map((gradient) => gradient.data()));
      await each.idle();
      const before = each.memory().buffers;
      const { output, pullback, dispose } = pullbackOf(solve, [W, b]);
      const gradients = pullback(u);
      const twice = pullback(double);
      expect(await output.data()).toEqual(z);
      for (const [index, gradient] of gradients.entries()) {
        expect(await gradient.data()).toEqual(expectedNumbers[index]);
        expect(await twice[index].data()).toEqual(expectedNumbers[index].map((value) => 2 * value));
      }
      dispose();
      dispose();
      expect(output.isDisposed).toBe(true);
      for (const gradient of [...gradients, ...twice]) gradient.dispose();
      await each.idle();
      expect(each.memory().buffers).toBe(before);
    }
  });

  test('refuses a cotangent where an input was overwritten since', async () => {
    for (const each of [cpu, wasm]) {
      const x = each.tensor([3, 4]);
      const { pullback, dispose } = pullbackOf((a, b) => a.mul(b.square()), [each.tensor([1, 1]), x]);
      expect((await pullback(each.tensor([1, 1]))[1].data())[1]).toBe(8);
      each.write(x, [100, 100]);
      expect(() => pullback(each.tensor([1, 1]))).toThrow('pullback: inputs[1] was overwritten');
      dispose();
    }
  });

  test('refuses functions and cotangents that do not fit', async () => {
    const x = cpu.tensor([1, 2]);
    expect(() => pullbackOf(() => cpu.tensor([1]), [x])).toThrow('pullbackOf');
    expect(() => pullbackOf(() => 1 as never, [x])).toThrow(
      'pullbackOf: the function returned 1; it must return a tensor',
    );
    const { pullback, dispose } = pullbackOf((a) => a.mul(2), [x]);
    expect(() => pullback(cpu.tensor([1]))).toThrow('of the shape [2]');
    expect(() => pullback(wasm.tensor([1, 2]))).toThrow('cotangent');
    dispose();
    const nested = valueAndGrad((a) => pullbackOf((own) => own.mul(2), [a]).output.sum(), [x]);
    await expect(nested).rejects.toThrow('use gradientOf');
  });
});
