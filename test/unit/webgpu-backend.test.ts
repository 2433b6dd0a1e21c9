import { afterEach, describe, expect, it } from 'vitest';
import type { Backend, Program, Speculation } from '../../src/backends/backend.ts';
import { DeviceLostError } from '../../src/backends/lost.ts';
import { isSoftware, openDevice } from '../../src/backends/webgpu/device.ts';
import { openWebGPU } from '../../src/backends/webgpu/index.ts';
import { PipelineCache } from '../../src/backends/webgpu/pipelines.ts';
import { roundedBytes } from '../../src/backends/webgpu/pool.ts';
import { SHADERS } from '../../src/backends/webgpu/shaders.ts';
import { type CallWithoutSlots, Trace } from '../../src/program/trace.ts';
import { createCountedDevice } from '../support/counted-device.ts';

let opened: Backend[] = [];
afterEach(() => {
  for (const backend of opened) backend.close();
  opened = [];
});

async function open(options?: Parameters<typeof openWebGPU>[0]): Promise<Backend> {
  const backend = await openWebGPU(options);
  opened.push(backend);
  return backend;
}

function scaling(name: string, size: number, factor: number): Program {
  const trace = new Trace(name);
  const layouts = [{ offset: 0, strides: [0, 0, 0, 1] }];
  const call = { kernel: 'elementwise', operation: 'scale', shape: [1, 1, 1, size], layouts, parameters: [factor, 0] };
  return trace.finish([trace.call(call as unknown as CallWithoutSlots, [trace.input(size)], size)]);
}

/** Counts an input down to 0. */
function countdown(limit: number): Program {
  const trace = new Trace('countdown');
  const layouts = [{ offset: 0, strides: [0, 0, 0, 1] }];
  const call = { kernel: 'elementwise', operation: 'scale', shape: [1, 1, 1, 1], layouts, parameters: [1, -1] };
  return trace.finish(
    trace.loop([trace.input(1)], limit, ([left]) => [trace.call(call as unknown as CallWithoutSlots, [left], 1)]),
  );
}

describe('the order of work', () => {
  it('reads each state of a storage that is written and read again and again', async () => {
    const backend = await open();
    const storage = backend.upload([0, 0]);
    const program = scaling('double', 2, 2);
    const results: Promise<Float32Array | Float64Array>[] = [];
    for (let value = 1; value <= 20; value++) {
      backend.write(storage, [value, -value]);
      const [doubled] = backend.run(program, [storage]);
      results.push(backend.download(doubled), backend.download(storage));
      backend.release(doubled);
    }
    const values = await Promise.all(results);
    for (let value = 1; value <= 20; value++) {
      expect([...values[2 * value - 2]]).toEqual([2 * value, -2 * value]);
      expect([...values[2 * value - 1]]).toEqual([value, -value]);
    }
  });

  it('lets work queue up behind a loop, and storage be released as soon as its readers are enqueued', async () => {
    const backend = await open();
    const start = backend.upload([500]);
    const [end] = backend.run(countdown(300), [start]);
    const [tripled] = backend.run(scaling('triple', 1, 3), [end]);
    backend.release(end);
    backend.release(start);
    const other = backend.upload([7]);
    const downloads = [backend.download(tripled), backend.download(other)];
    backend.release(tripled);
    backend.release(other);
    expect((await Promise.all(downloads)).map(([value]) => value)).toEqual([600, 7]);
  });

  it('copies uploaded numbers', async () => {
    const backend = await open();
    const values = [1, 2, 3];
    const storage = backend.upload(values);
    values[0] = 9;
    expect([...(await backend.download(storage))]).toEqual([1, 2, 3]);
  });
});

/** Adds 1 to 0 in each of `rounds` times `passes` passes of a loop inside a loop. */
function sum(): Program {
  const trace = new Trace('sum');
  const layouts = [{ offset: 0, strides: [0, 0, 0, 1] }];
  const call = { kernel: 'elementwise', operation: 'scale', shape: [1, 1, 1, 1], layouts };
  const plus = (x: number, offset: number): number =>
    trace.call({ ...call, parameters: [1, offset] } as unknown as CallWithoutSlots, [x], 1);
  const rounds = trace.input(1);
  const passes = trace.input(1);
  const zero = trace.constant({ kind: 'fill', value: 0 }, 1);
  const [, total] = trace.loop([rounds, zero], 20, ([left, before]) => {
    const [, after] = trace.loop([passes, before], 60, ([more, x]) => [plus(more, -1), plus(x, 1)]);
    return [plus(left, -1), after];
  });
  return trace.finish([total]);
}

describe('a speculation', () => {
  async function speculate(backend: Backend): Promise<Speculation> {
    for (;;) {
      const speculation = backend.speculate?.();
      if (speculation) return speculation;
      await new Promise((resolve) => setTimeout(resolve, 5)); // its code is being loaded
    }
  }

  /** rounds · passes under a speculation, and whether the speculation held. */
  async function runSpeculatively(
    backend: Backend,
    program: Program,
    sizes: readonly number[],
  ): Promise<[number, boolean]> {
    const speculation = await speculate(backend);
    const inputs = sizes.map((size) => backend.upload([size]));
    const [total] = backend.run(program, inputs, { speculation: speculation });
    const content = backend.download(total, speculation);
    speculation.end();
    for (const storage of [...inputs, total]) backend.release(storage);
    const [[value], held] = await Promise.all([content, speculation.held]);
    return [value, held];
  }

  it('holds where loops are as long as before or shorter, and not where one is longer', async () => {
    const backend = await open();
    const program = sum();
    expect(await runSpeculatively(backend, program, [2, 10])).toEqual([20, true]); // it waits, since nothing is known yet
    expect(await runSpeculatively(backend, program, [2, 10])).toEqual([20, true]);
    expect(await runSpeculatively(backend, program, [1, 4])).toEqual([4, true]);
    expect(await runSpeculatively(backend, program, [0, 9])).toEqual([0, true]);
    const [short, held] = await runSpeculatively(backend, program, [2, 40]);
    expect(held).toBe(false);
    expect(short).toBeLessThan(80);
    expect((await runSpeculatively(backend, program, [3, 5]))[1]).toBe(false);
  });

  it('waits for nothing, and reads everything back at once', async () => {
    const { device, take, release } = await createCountedDevice();
    const backend = await open({ device });
    const program = sum();
    await runSpeculatively(backend, program, [2, 10]);
    take();
    await runSpeculatively(backend, program, [2, 10]);
    expect(take()).toMatchObject({ submits: 1, readBacks: 1, buffers: 0 });
    backend.close();
    release();
  });

  it('is made by the run itself about rounds and about loops that are not entered; if it fails the run starts again', async () => {
    const backend = await open();
    const program = sum();
    await speculate(backend);
    for (const [rounds, passes] of [
      [1, 5],
      [1, 5],
      [3, 7],
      [3, 0],
      [0, 7],
      [2, 20],
      [1, 60],
      [20, 3],
    ]) {
      const inputs = [rounds, passes].map((size) => backend.upload([size]));
      const [total] = backend.run(program, inputs);
      const [tripled] = backend.run(scaling('triple', 1, 3), [total]);
      for (const storage of inputs) backend.release(storage);
      expect(await backend.download(tripled)).toEqual(new Float32Array([3 * rounds * passes]));
      for (const storage of [total, tripled]) backend.release(storage);
    }
  });
});

describe('memory', () => {
  it('is the same after each round of the same work', async () => {
    const backend = await open();
    const programs = [scaling('a', 1000, 2), countdown(100), scaling('b', 1000, 3)];
    const round = async (): Promise<void> => {
      const x = backend.upload(new Float32Array(1000));
      const count = backend.upload([20]);
      const [a] = backend.run(programs[0], [x]);
      const [c] = backend.run(programs[1], [count]);
      const [b] = backend.run(programs[2], [a]);
      await backend.download(b);
      for (const storage of [x, count, a, b, c]) backend.release(storage);
    };
    await round();
    const before = backend.memory();
    for (let repeat = 0; repeat < 5; repeat++) await round();
    expect(backend.memory()).toEqual(before);
  });

  it('counts what is held, and nothing after close', async () => {
    const backend = await open();
    const before = backend.memory();
    const storage = backend.upload(new Float32Array(1024));
    expect(backend.memory().buffers).toBe(before.buffers + 1);
    expect(backend.memory().bytes).toBe(before.bytes + 4096);
    backend.release(storage);
    backend.release(storage);
    expect(backend.memory().buffers).toBe(before.buffers);
    expect(backend.memory().pooledBytes).toBe(before.pooledBytes + 4096);
    backend.close();
    expect(backend.memory()).toMatchObject({
      buffers: 0,
      bytes: 0,
      programBuffers: 0,
      programBytes: 0,
      pooledBuffers: 0,
      pooledBytes: 0,
    });
  });

  it('destroys idle buffers beyond a limit, after the work that uses them', async () => {
    const backend = await open();
    const size = 14 * 2 ** 20;
    const storages = Array.from({ length: 5 }, () => backend.upload(new Float32Array(size).fill(1)));
    const [result] = backend.run(scaling('large', size, 2), [storages[4]]);
    const last = backend.download(result);
    for (const storage of [...storages, result]) backend.release(storage);
    expect(backend.memory().pooledBytes).toBeLessThanOrEqual(256 * 2 ** 20);
    const values = await last;
    expect(values[0] + values[size - 1]).toBe(4);
    await backend.idle();
  });

  it('rounds sizes up by at most an eighth', () => {
    for (const bytes of [4, 256, 300, 1000, 4096, 5000, 123_456, 10_000_000]) {
      const rounded = roundedBytes(bytes);
      expect(rounded).toBeGreaterThanOrEqual(bytes);
      expect(rounded % 4).toBe(0);
      expect(rounded).toBeLessThanOrEqual(Math.max(256, bytes * 1.125 + 256));
    }
  });
});

describe('errors', () => {
  it('refuses storage that was released or has another size', async () => {
    const backend = await open();
    const storage = backend.upload([1, 2]);
    expect(() => backend.run(scaling('three', 3, 1), [storage])).toThrow(
      /program three: input 0: it holds 2 numbers; it must hold 3/,
    );
    expect(() => backend.write(storage, [1])).toThrow(/holds 1 numbers; it must hold 2/);
    backend.release(storage);
    expect(() => backend.run(scaling('two', 2, 1), [storage])).toThrow(/released/);
    await expect(backend.download(storage)).rejects.toThrow(/released/);
  });

  it('refuses a tensor that is larger than the adapter allows', async () => {
    const backend = await open();
    const huge = { length: 2 ** 33 };
    expect(() => backend.upload(huge)).toThrow(/takes 34359738368 bytes; this adapter allows at most/);
  });

  it('names the Program that fails on the device, rejects whatever awaits it, and continues', async () => {
    const { device, release } = await openDevice({});
    const backend = await open({ device });
    const faulty = scaling('faulty', 2, 2);
    const storage = backend.upload([1, 2]);
    // The device refuses the bind group of a pass.
    const { createBindGroup } = device;
    device.createBindGroup = () =>
      createBindGroup.call(device, { layout: device.createBindGroupLayout({ entries: [] }), entries: [] });
    const [result] = backend.run(faulty, [storage]);
    await expect(backend.download(result)).rejects.toThrow(/program faulty/);
    device.createBindGroup = createBindGroup;
    await expect(backend.idle()).resolves.toBeUndefined();
    const [good] = backend.run(scaling('good', 2, 2), [storage]);
    expect([...(await backend.download(good))]).toEqual([2, 4]);
    backend.close();
    release();
  });

  it('shows where a kernel does not compile', async () => {
    const { device, release } = await openDevice({});
    const parts = [
      { file: 'shared/first.wgsl', text: 'const one = 1u;\nconst two = 2u;\n' },
      { file: 'solve.wgsl', text: '@compute @workgroup_size(1)\nfn main() {\n  let x = missing;\n}\n' },
    ];
    const pipelines = new PipelineCache(device, { ...SHADERS, solve: { ...SHADERS.solve, parts } });
    await expect(pipelines.get('solve', {}).ready).rejects.toThrow(
      /kernel solve.*\nshaders\/solve\.wgsl:3:11: .*missing.*\n {4}let x = missing;/,
    );
    release();
  });

  it('rejects everything after close, and whatever waits', async () => {
    const backend = await open();
    const storage = backend.upload([1e6]);
    const [result] = backend.run(countdown(1e6), [storage]);
    const waiting = [backend.download(result), backend.idle()];
    backend.close();
    backend.close();
    for (const promise of waiting) await expect(promise).rejects.toThrow(/closed/);
    expect(() => backend.upload([1])).toThrow(/closed/);
    expect(() => backend.run(countdown(2), [storage])).toThrow(/closed/);
    await expect(backend.download(storage)).rejects.toThrow(/closed/);
    await expect(backend.idle()).rejects.toThrow(/closed/);
  });

  it('rejects everything when the device is lost, and says to open again', async () => {
    const { device, release } = await openDevice({});
    const backend = await open({ device });
    const [result] = backend.run(countdown(1e6), [backend.upload([1e6])]);
    const waiting = backend.download(result);
    device.destroy();
    await expect(waiting).rejects.toThrow(/device was lost.*open\(\) a new engine/);
    await expect(waiting).rejects.toBeInstanceOf(DeviceLostError);
    expect(() => backend.upload([1])).toThrow(/device was lost/);
    release();
  });
});

describe('a shared device', () => {
  it('is described, used, and left alone by close', async () => {
    const { device, adapter, release } = await openDevice({});
    const backend = await open({ device });
    expect(backend.adapter).toEqual(adapter);
    const storage = backend.upload([1, 2, 3]);
    expect([...(await backend.download(storage))]).toEqual([1, 2, 3]);
    backend.close();
    await device.queue.onSubmittedWorkDone();
    const again = await open({ device });
    expect([...(await again.download(again.upload([4])))]).toEqual([4]);
    again.close();
    release();
  });
});

describe('isSoftware', () => {
  const info = (vendor: string, architecture: string, description = ''): GPUAdapterInfo =>
    ({ vendor, architecture, device: '', description, isFallbackAdapter: false }) as GPUAdapterInfo;

  it('recognises programs that present themselves as a GPU', () => {
    expect(isSoftware(info('google', 'swiftshader'))).toBe(true);
    expect(isSoftware(info('mesa', '', 'llvmpipe (LLVM 15.0.6, 256 bits)'))).toBe(true);
    expect(isSoftware(info('microsoft', 'basic render driver', 'Microsoft Basic Render Driver'))).toBe(true);
    expect(isSoftware({ ...info('nvidia', ''), isFallbackAdapter: true } as GPUAdapterInfo)).toBe(true);
  });

  it('accepts real ones', () => {
    expect(isSoftware(info('nvidia', 'hopper', 'NVIDIA H200'))).toBe(false);
    expect(isSoftware(info('apple', 'metal-3'))).toBe(false);
    expect(isSoftware(info('intel', 'gen-12lp', 'Intel(R) UHD Graphics'))).toBe(false);
  });
});
