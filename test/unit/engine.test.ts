/** Memory, scopes and Programs of the engine. */
import { describe, expect, test } from 'vitest';
import { valueAndGrad } from '../../src/autodiff/gradient.ts';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { Engine, open } from '../../src/tensor/engine.ts';
import { elementwise } from '../../src/tensor/kernels.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { createOracle } from '../support/engines.ts';

describe('memory', () => {
  test('aliases share storage, which is freed with the last of them', () => {
    const engine = createOracle();
    const x = engine.tensor([1, 2, 3, 4], [2, 2]);
    const y = x.reshape([4]);
    expect(engine.memory()).toMatchObject({ buffers: 1, bytes: 32 });
    x.dispose();
    x.dispose();
    expect(engine.memory().buffers).toBe(1);
    y.dispose();
    expect(engine.memory()).toMatchObject({ buffers: 0, bytes: 0 });
  });
  test('a disposed tensor cannot be used', async () => {
    const engine = createOracle();
    const x = engine.tensor([1]);
    x.dispose();
    expect(() => x.neg()).toThrow('it was disposed');
    await expect(x.data()).rejects.toThrow('it was disposed');
  });
  test('tidy keeps what is returned and frees the rest, across an await', async () => {
    const engine = createOracle();
    const outside = engine.tensor([2]);
    const result = await engine.tidy(async (scope) => {
      const x = scope.tensor([1, 2, 3]);
      await x.exp().data();
      return { kept: x.mul(scope.use(outside)).neg(), sum: await x.sum().data() };
    });
    expect(Array.from(await result.kept.data())).toEqual([-2, -4, -6]);
    expect(engine.memory().buffers).toBe(2);
  });
  test('tidy frees everything when it throws', async () => {
    const engine = createOracle();
    const failing = engine.tidy(async (scope) => {
      const x = scope.tensor([1, 2, 3]).exp();
      await x.data();
      throw new Error('on purpose');
    });
    await expect(failing).rejects.toThrow('on purpose');
    expect(engine.memory().buffers).toBe(0);
  });
  test('two scopes at once do not mix', async () => {
    const engine = createOracle();
    let release = (): void => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow = engine.tidy(async (scope) => {
      const x = scope.tensor([1, 2]);
      await gate;
      return x.add(1);
    });
    const quick = await engine.tidy((scope) => scope.tensor([5]).neg());
    release();
    expect(Array.from(await (await slow).data())).toEqual([2, 3]);
    expect(Array.from(await quick.data())).toEqual([-5]);
    expect(engine.memory().buffers).toBe(2);
  });
  test('a gradient leaves only the gradients, also when the loss throws', async () => {
    const engine = createOracle();
    const x = engine.tensor([1, 2, 3, 4], [2, 2]);
    const [, [gradient]] = await valueAndGrad((w) => w.matmul(w).tanh().softmax().mean(), [x]);
    expect(engine.memory().buffers).toBe(2);
    gradient.dispose();
    const failing = valueAndGrad(
      (w) => {
        w.exp();
        throw new Error('on purpose');
      },
      [x],
    );
    await expect(failing).rejects.toThrow('on purpose');
    expect(engine.memory().buffers).toBe(1);
  });
  test('nothing can be used after close, which may be called twice', () => {
    const engine = createOracle();
    engine.close();
    engine.close();
    expect(() => engine.tensor([1])).toThrow('it is closed');
  });
});

describe('Programs', () => {
  test('are traced once per key and shape', () => {
    const engine = createOracle();
    let traced = 0;
    const double = (size: number): void => {
      engine.run('double', [engine.tensor(new Float64Array(size))], ([x]) => {
        traced += 1;
        return [x.add(x)];
      });
    };
    for (const size of [2, 2, 3, 2, 3]) double(size);
    expect(traced).toBe(2);
  });
  test('that were not used for longest are forgotten, so that memory stays bounded in a sweep over shapes', () => {
    const bound = 2 ** 20;
    const engine = new Engine(openCPU(), 'the test', bound);
    const x = engine.tensor([1]);
    let traced = 0;
    const often = (): void => {
      const [y] = engine.run('often', [x], ([input]) => {
        traced += 1;
        return [input.neg()];
      });
      y.dispose();
    };
    for (let step = 0; step < 5000; step++) {
      x.mul(step).dispose();
      if (step % 100 === 0) often();
    }
    expect(traced).toBe(1);
    for (let step = 0; step < 2100; step++) x.mul(-step).dispose();
    expect(engine.memory().programBytes).toBeLessThan(bound);
    often();
    expect(traced).toBe(2);
  });
  test('a loop continues while a sample is running, up to its limit', async () => {
    const engine = createOracle();
    const countDown = (limit: number): Promise<ArrayLike<number>> =>
      engine
        .run(`count down ${limit}`, [engine.tensor([1, 4, 2])], ([start], tracing) => {
          const zero = tracing.constant({ kind: 'fill', value: 0 }, [3]);
          const stopped = (x: Tensor): Tensor => elementwise('greater', [zero, x.sub(0.5)]); // 1 where x is 0
          const final = tracing.loop(
            { x: start, passes: zero },
            ({ x }) => stopped(x),
            limit,
            ({ x, passes }) => ({
              x: x.sub(1).relu(),
              passes: passes.add(1),
            }),
          );
          return [final.passes];
        })[0]
        .data();
    expect(Array.from(await countDown(9))).toEqual([4, 4, 4]);
    expect(Array.from(await countDown(3))).toEqual([3, 3, 3]);
  });
  test('a tensor from outside is refused', () => {
    const engine = createOracle();
    const stray = engine.tensor([1]);
    expect(() => engine.run('stray', [engine.tensor([2])], ([x]) => [x.add(stray)])).toThrow();
  });
  test('loops nest one deep', () => {
    const engine = createOracle();
    expect(() =>
      engine.run('deep', [engine.tensor([1])], ([x], tracing) => {
        const loop = (body: (x: typeof x1) => typeof x1): typeof x1 =>
          tracing.loop(
            { x },
            (values) => values.x,
            1,
            (values) => ({ x: body(values.x) }),
          ).x;
        const x1 = x;
        return [loop(() => loop(() => loop((y) => y)))];
      }),
    ).toThrow('loops nest one deep');
  });
});

describe('open', () => {
  test('an unknown backend is refused', async () => {
    await expect(open({ backend: 'metal' as 'cpu' })).rejects.toThrow(
      'backend is "metal"; it must be one of webgpu, wasm, gpujs, cpu',
    );
  });
  test('WebAssembly is chosen rather than a software adapter, and says so', async () => {
    const engine = await open();
    expect(engine.backend === 'wasm' || !engine.adapter.software).toBe(true);
    engine.close();
  });
  test('a device is accepted with webgpu only', async () => {
    await expect(open({ backend: 'wasm', device: {} as GPUDevice })).rejects.toThrow(
      'a device was given together with backend "wasm"',
    );
  });
});
