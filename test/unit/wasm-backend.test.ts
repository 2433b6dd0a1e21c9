/** The WebAssembly backend besides its kernels, which the parity cases cover: memory, threads, errors, lifetime. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { valueAndGrad } from '../../src/autodiff/gradient.ts';
import type { Backend } from '../../src/backends/backend.ts';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { joinAxes } from '../../src/backends/join-axes.ts';
import type { OperandLayout } from '../../src/backends/kernels.ts';
import { DeviceLostError } from '../../src/backends/lost.ts';
import { Executable } from '../../src/backends/wasm/executable.ts';
import { type Block, bytesFor, Heap } from '../../src/backends/wasm/heap.ts';
import { openWasm } from '../../src/backends/wasm/index.ts';
import { openKernels } from '../../src/backends/wasm/module.ts';
import { lasso } from '../../src/implicit/lasso/lasso.ts';
import { monotoneFixedPoint } from '../../src/implicit/monotone.ts';
import { monotoneMatrix } from '../../src/implicit/parametrisation.ts';
import { type CallWithoutSlots, Trace } from '../../src/program/trace.ts';
import { Engine } from '../../src/tensor/engine.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { trainSteps } from '../browser/training.ts';
import { randomNumbers, randomValues, runOn } from '../parity/cases/parity.ts';
import { normals } from '../support/numbers.ts';

const opened: Backend[] = [];
afterEach(() => {
  for (const backend of opened.splice(0)) backend.close();
});

async function open(threads = 1): Promise<Backend> {
  const backend = await openWasm({ threads });
  opened.push(backend);
  return backend;
}

/** z ← tanh(z·Wᵀ + b), `products` times, and the norms of its rows. */
function repeatProducts(m: number, n: number, products: number) {
  const trace = new Trace(`${products} products of [${m}, ${n}]`);
  const [W, b] = [trace.input(n * n), trace.input(m * n)];
  const call = {
    kernel: 'product',
    m,
    n,
    k: n,
    transposeA: false,
    transposeB: true,
    bias: 'full',
    activation: 'tanh',
    activationParameters: [0, 0],
    proximal: false,
    residual: false,
  } as unknown as CallWithoutSlots;
  let z = b;
  for (let index = 0; index < products; index++) z = trace.call(call, [z, W, b, -1, -1, -1], m * n);
  const norms = {
    kernel: 'reduce',
    operation: 'norm',
    outer: m,
    middle: n,
    inner: 1,
    activation: 'identity',
    parameters: [],
  } as unknown as CallWithoutSlots;
  return trace.finish([z, trace.call(norms, [z], m)]);
}

function inputsFor(m: number, n: number): Float32Array[] {
  const random = randomNumbers(m + n);
  return [randomValues(n * n, random, 1 / Math.sqrt(n)), randomValues(m * n, random)];
}

describe('memory', () => {
  test('blocks never overlap, and releasing all of them leaves one block', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 4000 }), fc.nat()), { maxLength: 60 }), (wishes) => {
        const heap = new Heap(false);
        const held: Block[] = [];
        for (const [units, choice] of wishes) {
          if (held.length > 0 && choice % 3 === 0) heap.giveBack(held.splice(choice % held.length, 1)[0]);
          const block = heap.take(64 * units);
          for (const other of held) {
            expect(block.address + block.bytes <= other.address || other.address + other.bytes <= block.address).toBe(
              true,
            );
          }
          expect(block.address).toBeGreaterThan(0);
          expect(block.address + block.bytes).toBeLessThanOrEqual(heap.memory.buffer.byteLength);
          held.push(block);
        }
        for (const block of held) heap.giveBack(block);
        expect(heap.freeBlocks).toBe(1);
        expect(heap.freeBytes).toBe(heap.memory.buffer.byteLength - 64);
      }),
    );
  });

  test('it grows while numbers are held, which stay unchanged', async () => {
    const backend = await open();
    const first = backend.upload([1, 2, 3]);
    const large = backend.upload(new Float32Array(3_000_000).fill(7));
    expect([...(await backend.download(first))]).toEqual([1, 2, 3]);
    expect((await backend.download(large))[2_999_999]).toBe(7);
  });

  test('exceeding the maximum is an error that says so, and everything else still works', () => {
    const heap = new Heap(false);
    expect(() => heap.take(2 ** 33)).toThrow(/8589934592 bytes more are needed.*WebAssembly allows 4 GiB/);
    expect(heap.take(128).bytes).toBe(128);
  });

  test('released memory is reused, and the figures show it', async () => {
    const backend = await open();
    const program = repeatProducts(20, 30, 3);
    const inputs = inputsFor(20, 30);
    await runOn(backend, program, inputs);
    const before = backend.memory();
    expect(before.buffers).toBe(0);
    expect(before.bytes).toBe(0);
    expect(before.programBuffers).toBe(1);
    for (let index = 0; index < 50; index++) await runOn(backend, program, inputs);
    expect(backend.memory()).toEqual(before);
    backend.upload([1, 2, 3]);
    expect(backend.memory().buffers).toBe(1);
    expect(backend.memory().bytes).toBeGreaterThanOrEqual(12);
  });

  test('a training step leaves it unchanged, and training works', async () => {
    const { backend, losses, memory } = await trainSteps('wasm', 12, 16, 32, 1e-4);
    expect(backend).toBe('wasm');
    expect(losses[11]).toBeLessThan(losses[0]);
    expect(memory[1]).toEqual(memory[0]);
  });
});

describe('storage', () => {
  test('that was released, or is of another backend or size, is refused', async () => {
    const backend = await open();
    const program = repeatProducts(2, 3, 1);
    const [W, b] = inputsFor(2, 3).map((values) => backend.upload(values));
    expect(() => backend.run(program, [W, openCPU().upload(new Float32Array(6))])).toThrow('another backend');
    expect(() => backend.run(program, [b, W])).toThrow('input 0: it holds 6 numbers; it must hold 9');
    expect(() => backend.write(b, [1])).toThrow('write: values: it holds 1 numbers; it must hold 6');
    backend.release(b);
    backend.release(b);
    expect(() => backend.run(program, [W, b])).toThrow('storage: it was released');
    await expect(backend.download(b)).rejects.toThrow('storage: it was released');
  });

  test('a download is a copy, and a write takes effect from then on', async () => {
    const backend = await open();
    const storage = backend.upload([1, 2]);
    const before = await backend.download(storage);
    backend.write(storage, [3, 4]);
    expect([...before]).toEqual([1, 2]);
    expect([...(await backend.download(storage))]).toEqual([3, 4]);
    expect(before.buffer).toBeInstanceOf(ArrayBuffer);
  });
});

test('a closed backend refuses everything, and says what to do', async () => {
  const backend = await open(2);
  const storage = backend.upload([1]);
  backend.close();
  backend.close();
  expect(() => backend.upload([1])).toThrow('the engine is closed; open() a new one');
  expect(() => backend.run(repeatProducts(1, 1, 1), [storage, storage])).toThrow('the engine is closed');
  await expect(backend.download(storage)).rejects.toThrow('the engine is closed');
  await expect(backend.idle()).rejects.toThrow('the engine is closed');
  expect(backend.memory()).toMatchObject({ buffers: 0, bytes: 0, pooledBytes: 0 });
});

/** The number of entries that differ. */
function countDifferences(values: ArrayLike<number>, others: ArrayLike<number>): number {
  const differing = Array.from(values).filter((value, index) => !Object.is(value, others[index]));
  return differing.length + Math.abs(others.length - values.length);
}

/** z of a monotone layer, and the gradients of its parameters. */
async function solveLayer(backend: Backend, batch: number, n: number): Promise<ArrayLike<number>[]> {
  const engine = new Engine(backend);
  const numbers = (rows: number, seed: number, scale: number): Tensor =>
    engine.tensor(normals(rows * n, seed, scale), [rows, n]);
  const inputs = [numbers(n, 1, 0.5 / Math.sqrt(n)), numbers(n, 2, 0.5 / Math.sqrt(n)), numbers(batch, 3, 1)];
  const [loss, gradients] = await valueAndGrad((A, B, b) => {
    const W = monotoneMatrix(A, B, engine.scalar(1));
    return monotoneFixedPoint(W, b, { activation: 'relu', margin: 1 }).z.square().sum();
  }, inputs);
  return [[loss], ...(await Promise.all(gradients.map((gradient) => gradient.data())))];
}

describe('threads', () => {
  test('give the same bits as one thread', async () => {
    const [alone, together] = [await open(1), await open(3)];
    await expect.poll(() => together.adapter.description, { timeout: 20_000 }).toContain('3 threads');
    // Parts of every size: numbers of rows that are not multiples of four, and few rows.
    for (const [m, n] of [
      [128, 87],
      [301, 129],
      [5, 600],
      [1, 800],
    ]) {
      const program = repeatProducts(m, n, 20);
      const inputs = inputsFor(m, n);
      expect(await runOn(together, program, inputs)).toEqual(await runOn(alone, program, inputs));
    }
    // Whole iterations, inverses, transposed copies.
    for (const [batch, n] of [
      [128, 87],
      [37, 130],
      [61, 521],
    ]) {
      const [expected, found] = await Promise.all([alone, together].map((backend) => solveLayer(backend, batch, n)));
      // Not toEqual, because listing the differences of a million numbers takes longer than a test may.
      expect(found.map((values, index) => countDifferences(values, expected[index]))).toEqual(found.map(() => 0));
    }
  });

  test('are ready when the backend is, and those that have worked are reported', async () => {
    const told: unknown[] = [];
    for (let attempt = 0; attempt < 5; attempt++) {
      const backend = await open(2);
      const { threads, threadsUsed } = backend.adapter;
      const program = repeatProducts(256, 256, 20);
      await runOn(backend, program, inputsFor(256, 256));
      told.push([threads, threadsUsed, backend.adapter.threadsUsed]);
    }
    // A busy computer may keep a thread from working, but not every time.
    expect(told).toContainEqual([2, 1, 2]);
    expect(told.filter((each) => String(each).startsWith('2')).length).toBeGreaterThan(2);
  });

  test('work with all options of Node’s process', async () => {
    const { outputFiles } = await build({
      stdin: {
        contents: `import { openWasm } from './src/backends/wasm/index.ts';
          const backend = await openWasm({ threads: 2 });
          console.log(backend.adapter.threads);
          backend.close();`,
        resolveDir: fileURLToPath(new URL('../..', import.meta.url)),
        loader: 'ts',
      },
      bundle: true,
      format: 'esm',
      platform: 'node',
      write: false,
    });
    // The script is read from standard input.
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module'], {
      input: outputFiles[0].text,
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(stdout.trim()).toBe('2');
  });

  test.each([0, 1.5, Number.NaN])('%d of them is refused', async (threads) => {
    await expect(openWasm({ threads })).rejects.toThrow(`threads is ${threads}; it must be a positive integer`);
  });
});

describe('a run that is interrupted at every opportunity', () => {
  test('gives the same bits', async () => {
    const whole = await open(2);
    const cut = await openWasm({ threads: 2, slice: 0 });
    opened.push(cut);
    for (const [batch, n] of [
      [37, 130],
      [64, 300],
    ]) {
      const [expected, found] = await Promise.all([whole, cut].map((backend) => solveLayer(backend, batch, n)));
      expect(found.map((values, index) => countDifferences(values, expected[index]))).toEqual(found.map(() => 0));
    }
  });

  test.each(['homotopy', 'coordinate-descent'] as const)('gives the same bits: paths by %s', async (solver) => {
    const [rows, features] = [40, 60];
    const found: (readonly ArrayLike<number>[])[] = [];
    for (const slice of [1e9, 0]) {
      const backend = await openWasm({ threads: 2, slice });
      opened.push(backend);
      const engine = new Engine(backend);
      const path = [2, 1, 0, -1, -3];
      const { beta, report } = lasso({
        X: engine.tensor(normals(rows * features, 5, 1), [rows, features]),
        y: engine.tensor(normals(rows, 6, 1)),
        masks: engine.tensor(
          Array.from({ length: 3 * rows }, (_, index) => Number(index % 7 !== 3)),
          [3, rows],
        ),
        logLambda: [...path, ...path, ...path],
        solver,
        onFailure: 'report',
      });
      found.push([await beta.data(), (await report).samples.map(({ iterations }) => iterations)]);
    }
    expect(found[1].map((values, index) => countDifferences(values, found[0][index]))).toEqual([0, 0]);
    expect(Array.from(found[0][0]).some((value) => value !== 0)).toBe(true);
  });

  test('ends its loops with their carried values once it is cut short', async () => {
    const backend = await open();
    const trace = new Trace('counting to a million');
    const [start, one] = [trace.input(1), trace.input(1)];
    const add = (x: number, y: number): number =>
      trace.call(
        {
          kernel: 'elementwise',
          operation: 'add',
          shape: [1, 1, 1, 1],
          layouts: [0, 1].map(() => ({ offset: 0, strides: [1, 1, 1, 1] as const })),
          parameters: [],
        } as unknown as CallWithoutSlots,
        [x, y],
        1,
      );
    const [count] = trace.loop([start], 1_000_000, ([value]) => [add(value, one)]);
    const program = trace.finish([count]);
    const inputs = [backend.upload([1]), backend.upload([1])];
    let asked = 0;
    const [cut] = backend.run(program, inputs, { isCutShort: () => ++asked > 2 });
    const [whole] = backend.run(program, inputs);
    const [[few], [all]] = await Promise.all([backend.download(cut), backend.download(whole)]);
    expect(all).toBe(1_000_001);
    expect(few).toBeGreaterThan(1);
    expect(few).toBeLessThan(all);
  });
});

/** A worker that serves a team like one of the backend's own threads, but misbehaves in the given way. */
function createImpostor(memory: WebAssembly.Memory, team: number, misbehave: string): Worker {
  return new Worker(
    `const { workerData: { memory, team } } = require('node:worker_threads');
    const words = new Int32Array(memory.buffer, team, 16);
    const jobs = new BigInt64Array(memory.buffer, team, 1);
    Atomics.add(words, 3, 1);
    const taken = (() => {
      for (;;) {
        const job = Atomics.load(jobs, 0);
        if (Number(job & 0xffffffffn) >= words[7]) continue;
        if (Atomics.compareExchange(jobs, 0, job, job + BigInt(words[8])) === job) return words[8];
      }
    })();
    ${misbehave}`,
    { eval: true, workerData: { memory, team } },
  );
}

describe('a thread that serves', () => {
  /** Runs products while another thread takes a single stretch and then misbehaves. */
  async function runBeside(misbehave: string): Promise<number> {
    const heap = new Heap(true);
    const { kernels } = await openKernels(heap);
    const team = heap.take(bytesFor(16)).address;
    heap.words.fill(0, team / 4, team / 4 + 16);
    const program = repeatProducts(512, 128, 40);
    const executable = new Executable(program, heap);
    const blocks = [...inputsFor(512, 128)].map((values) => {
      const block = heap.take(bytesFor(values.length));
      heap.floats.set(values, block.address / 4);
      return block;
    });
    const outputs = program.outputs.map((slot) => heap.take(bytesFor(program.sizes[slot])));
    const space = heap.take(executable.workspaceBytes);
    const worker = createImpostor(heap.memory, team, misbehave);
    try {
      await expect.poll(() => heap.words[team / 4 + 3]).toBe(1);
      kernels.useTeam(team, true);
      const interruptions = { slice: 1e9, isCutShort: () => false };
      const began = performance.now();
      for (const _ of executable.run(kernels, heap, blocks, outputs, space.address, interruptions));
      return performance.now() - began;
    } finally {
      await worker.terminate();
    }
  }

  test('and dies during its part of the work is an error, not an endless wait', async () => {
    const began = performance.now();
    await expect(runBeside('process.exit();')).rejects.toThrow(DeviceLostError);
    expect(performance.now() - began).toBeLessThan(10_000); // otherwise it would wait for ever
  });

  test('and traps is an error at once', async () => {
    await expect(runBeside('Atomics.store(words, 12, 1);')).rejects.toThrow(/one of its threads has trapped/);
  });

  test('and is slow, but shows signs of life, is awaited', async () => {
    const slow = `for (let beat = 0; beat < 30; beat++) {
      Atomics.wait(words, 15, 0, 60);
      Atomics.add(words, 10, 1);
    }
    Atomics.sub(words, 3, 1);
    Atomics.add(words, 2, taken);`;
    expect(await runBeside(slow)).toBeGreaterThan(1000);
  });
});

/** The indices that an elementwise operation reads, in the order of its results. */
function placesOf(shape: readonly number[], { offset, strides }: OperandLayout): number[] {
  const places: number[] = [];
  const walk = (axis: number, place: number): void => {
    if (axis === shape.length) places.push(place);
    else for (let index = 0; index < shape[axis]; index++) walk(axis + 1, place + index * strides[axis]);
  };
  walk(0, offset);
  return places;
}

test('axes are joined only where the joined ones read the same numbers', () => {
  const extent = fc.constantFrom(1, 2, 3);
  const stride = fc.constantFrom(-2, 0, 1, 2, 3, 6);
  const layout = fc.record({ offset: fc.constantFrom(0, 5), strides: fc.tuple(stride, stride, stride, stride) });
  fc.assert(
    fc.property(
      fc.tuple(extent, extent, extent, extent),
      fc.array(layout, { minLength: 1, maxLength: 3 }),
      (shape, layouts) => {
        const joined = joinAxes(shape, layouts);
        for (const [operand, given] of layouts.entries()) {
          expect(placesOf(joined.shape, joined.layouts[operand])).toEqual(placesOf(shape, given));
        }
      },
    ),
  );
  expect(joinAxes([1, 2, 3, 4], [{ offset: 0, strides: [24, 12, 4, 1] }]).shape).toEqual([1, 1, 1, 24]);
});
