/** The memory of Programs: bounded in bytes, counted in `memory()`, and freed when they are forgotten. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, test } from 'vitest';
import { valueAndGrad } from '../../src/autodiff/gradient.ts';
import type { Backend, MemoryFigures, Program } from '../../src/backends/backend.ts';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { openGPUJS } from '../../src/backends/gpujs/index.ts';
import { openWasm } from '../../src/backends/wasm/index.ts';
import { openWebGPU } from '../../src/backends/webgpu/index.ts';
import { fixedPoint } from '../../src/implicit/root.ts';
import { dense } from '../../src/layers/dense.ts';
import { monotone } from '../../src/layers/monotone.ts';
import { sequential } from '../../src/layers/sequential.ts';
import { Trace } from '../../src/program/trace.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { runOn } from '../parity/cases/parity.ts';
import { normals, relativeError } from '../support/numbers.ts';

const MEGABYTE = 2 ** 20;
const BACKENDS = {
  cpu: async () => openCPU(),
  wasm: () => openWasm(),
  gpujs: () => openGPUJS({ mode: 'webassembly' }),
  webgpu: () => openWebGPU(),
} satisfies Record<string, () => Promise<Backend>>;
type Name = keyof typeof BACKENDS;

const engines: Engine[] = [];
afterEach(() => {
  for (const engine of engines.splice(0)) engine.close();
});

async function engineOn(name: Name, programBytes?: number): Promise<Engine> {
  const engine = new Engine(await BACKENDS[name](), 'the test', programBytes);
  engines.push(engine);
  return engine;
}

/** The gradient of Σ z with respect to W at z = tanh(zW + x), with a width of four. */
async function gradientAt(engine: Engine, batch: number): Promise<number[]> {
  const [W, x, unknown] = [
    engine.tensor(normals(16, 1, 0.2), [4, 4]),
    engine.tensor(normals(4 * batch, 2), [batch, 4]),
    engine.tensor(new Float32Array(4 * batch), [batch, 4]),
  ];
  const [, [gradient]] = await valueAndGrad(
    (V) => fixedPoint((z, A, b) => z.matmul(A).add(b).tanh(), { unknown, inputs: [V, x] }).sum(),
    [W],
  );
  const values = Array.from(await gradient.data());
  for (const tensor of [W, x, unknown, gradient]) tensor.dispose();
  return values;
}

const totalBytes = ({ bytes, programBytes, pooledBytes }: MemoryFigures): number => bytes + programBytes + pooledBytes;

/** The bytes of this process's reachable objects and arrays. */
async function measureHeap(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let round = 0; round < 3; round++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

describe('many batch sizes', () => {
  test.each(['cpu', 'wasm'] as const)(
    '300 of one gradient on %s stay below 200 MB, all of them reported',
    async (name) => {
      const engine = await engineOn(name);
      await gradientAt(engine, 1);
      const [before, toldBefore] = [await measureHeap(), totalBytes(engine.memory())];
      for (let batch = 2; batch <= 300; batch++) await gradientAt(engine, batch);
      const toldBytes = totalBytes(engine.memory()) - toldBefore;
      expect(totalBytes(engine.memory())).toBeLessThan(200e6);
      // The process's figures do not include the memory of WebAssembly.
      const { programBuffers } = engine.memory();
      expect(programBuffers > 0).toBe(name === 'wasm');
      const bytes = (await measureHeap()) - before;
      expect(bytes).toBeLessThan(2 * toldBytes);
      expect(bytes).toBeGreaterThan(toldBytes / (name === 'wasm' ? 4 : 2));
    },
  );

  test.each(['cpu', 'wasm'] as const)('120 of a prediction on %s', async (name) => {
    const engine = await engineOn(name);
    const model = sequential(monotone({ inputs: 64, width: 100 }), dense({ inputs: 100, outputs: 10 }));
    model.initialise(engine, 1);
    await model.predict(normals(64, 1));
    const [before, toldBefore] = [await measureHeap(), totalBytes(engine.memory())];
    for (let batch = 2; batch <= 120; batch++) await model.predict(normals(64 * batch, batch));
    const toldBytes = totalBytes(engine.memory()) - toldBefore;
    expect(toldBytes).toBeLessThan(64 * MEGABYTE);
    const bytes = (await measureHeap()) - before;
    expect(bytes).toBeLessThan(2 * toldBytes);
    expect(bytes).toBeGreaterThan(toldBytes / (name === 'wasm' ? 4 : 2));
  });

  test.each([
    ['cpu', 60],
    ['wasm', 60],
    ['gpujs', 8],
    ['webgpu', 8],
  ] as const)('on %s %d of them stay below a small bound, and have the same results again', async (name, count) => {
    const bound = 2 * MEGABYTE;
    const engine = await engineOn(name, bound);
    const first = await gradientAt(engine, 1);
    const reference = await gradientAt(await engineOn('cpu'), 1);
    expect(relativeError(first, reference)).toBeLessThan(1e-4);
    for (let batch = 2; batch <= count; batch++) await gradientAt(engine, batch);
    // Bind groups may have been added after the last Program was made ready.
    expect(engine.memory().programBytes).toBeLessThan(1.25 * bound);
    expect(engine.memory().programBytes).toBeGreaterThan(bound / 2);
    expect(relativeError(await gradientAt(engine, 1), first)).toBeLessThan(1e-6);
    expect(engine.memory().buffers).toBeLessThan(4);
  });
});

describe('the engine', () => {
  const runNamed = async (engine: Engine, names: readonly string[]): Promise<string[]> => {
    const x = engine.tensor([1, 2, 3]);
    const traced: string[] = [];
    for (const name of names) {
      const [y] = engine.run(name, [x], ([input], tracing) => {
        traced.push(name);
        const values = Array.from({ length: 1000 }, (_, index) => index);
        return [input.add(tracing.constant({ kind: 'values', values }, [1000]).sum())];
      });
      expect(Array.from(await y.data())).toEqual([499501, 499502, 499503]);
      y.dispose();
    }
    x.dispose();
    return traced;
  };
  const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `one of many, ${index}`);

  test('forgets the Programs that were not used for longest', async () => {
    const engine = await engineOn('cpu', 100_000);
    expect(await runNamed(engine, names(40))).toHaveLength(40);
    expect(engine.memory().programBytes).toBeLessThan(100_000);
    const [first, last] = ['one of many, 0', 'one of many, 39'];
    expect(await runNamed(engine, [last, first])).toEqual([first]);
  });

  test('makes room for repeated work: it is traced twice', async () => {
    const engine = await engineOn('cpu', 100_000);
    for (let pass = 0; pass < 2; pass++) await runNamed(engine, names(30));
    expect(await runNamed(engine, names(30))).toEqual([]);
    expect(engine.memory().programBytes).toBeGreaterThan(200_000);
  });

  test('makes room up to eight times the bound, and continues', async () => {
    const engine = await engineOn('cpu', 100_000);
    for (let pass = 0; pass < 4; pass++) await runNamed(engine, names(150));
    expect(engine.memory().programBytes).toBeLessThan(800_000);
    expect(engine.memory().programBytes).toBeGreaterThan(400_000);
  });

  test('keeps one Program that is larger than the bound', async () => {
    const engine = await engineOn('cpu', 1000);
    expect(await runNamed(engine, ['large', 'large', 'large'])).toEqual(['large']);
  });
});

/** (x + c)·3 in each pass of a loop that counts from 4 to 0, and the constant itself. */
function looping(size: number): Program {
  const trace = new Trace('looping');
  const shape = [1, 1, 1, size] as const;
  const layouts = [0, 1].map(() => ({ offset: 0, strides: [0, 0, 0, 1] as const }));
  const one = trace.constant({ kind: 'fill', value: 1 }, size);
  const x = trace.input(size);
  const left = trace.constant({ kind: 'values', values: Array<number>(size).fill(4) }, size);
  const [, , result] = trace.loop([left, left, x], 10, ([, count, value]) => {
    const less = trace.call(
      { kernel: 'elementwise', operation: 'subtract', shape, layouts, parameters: [] },
      [count, one],
      size,
    );
    const sum = trace.call(
      { kernel: 'elementwise', operation: 'add', shape, layouts, parameters: [] },
      [value, one],
      size,
    );
    const scaled = trace.call(
      { kernel: 'elementwise', operation: 'scale', shape, layouts: layouts.slice(1), parameters: [3, 0] },
      [sum],
      size,
    );
    return [less, less, scaled];
  });
  return trace.finish([result, one]);
}

describe.each(Object.keys(BACKENDS) as Name[])('a Program on %s', (name) => {
  test('is forgotten at once, after the work that uses it', async () => {
    const backend = await BACKENDS[name]();
    try {
      const program = looping(50);
      const other = looping(60);
      const expected = (3 * 81 + 120).toString(); // 3⁴·x + 3 + 9 + 27 + 81 at x = 3
      await runOn(backend, other, [new Float32Array(60).fill(3)]);
      const { programBuffers, programBytes } = backend.memory();
      for (let round = 0; round < 3; round++) {
        const results = runOn(backend, program, [new Float32Array(50).fill(3)]);
        const during = backend.memory();
        expect(during.programBytes).toBeGreaterThan(programBytes);
        expect(backend.forget(program)).toBe(during.programBytes - programBytes);
        expect(backend.memory()).toMatchObject({ programBuffers, programBytes });
        expect(backend.forget(program)).toBe(0);
        // Freed memory is reused by others, which must not overwrite the results.
        const others = runOn(backend, other, [new Float32Array(60).fill(5)]);
        const [result, one] = await results;
        expect([...new Set(result)].join()).toBe(expected);
        expect(one).toEqual(new Float64Array(50).fill(1));
        expect((await others)[0][59]).toBe(5 * 81 + 120);
      }
      await backend.idle();
    } finally {
      backend.close();
    }
  });
});

test('on the oracle slots share places in one workspace', async () => {
  const backend = openCPU();
  const size = 1000;
  const chain = (steps: number): Program => {
    const trace = new Trace('chain');
    let slot = trace.input(size);
    for (let step = 0; step < steps; step++) {
      const layouts = [{ offset: 0, strides: [0, 0, 0, 1] as const }];
      slot = trace.call(
        { kernel: 'elementwise', operation: 'scale', shape: [1, 1, 1, size], layouts, parameters: [1, 1] },
        [slot],
        size,
      );
    }
    return trace.finish([slot]);
  };
  const programs = [chain(100), chain(101)];
  for (const program of programs) {
    const [result] = await runOn(backend, program, [new Float32Array(size)]);
    expect(result[size - 1]).toBe(program.statements.length);
  }
  expect(backend.memory().pooledBytes).toBe(2 * size * 8);
  for (const program of programs) backend.forget(program);
  expect(backend.memory()).toMatchObject({ programBytes: 0, pooledBytes: 0 });
});
