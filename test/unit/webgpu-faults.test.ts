/** After a fault that the device survives, the engine works again, and reports the fault. */
import { afterEach, describe, expect, test } from 'vitest';
import { openDevice } from '../../src/backends/webgpu/device.ts';
import { type Engine, fixedPoint, open, type Tensor, valueAndGrad } from '../../src/index.ts';

const INJECTED = 'injected fault';

interface Faulty {
  readonly engine: Engine;
  /** Makes the next call of the method throw or, if it is asynchronous, return a rejected promise. */
  failNext(method: Method, isAsync?: boolean): void;
  /** Whether the method was called since. */
  hasFailed(): boolean;
  close(): void;
}

const METHODS = [
  ...(['createComputePipelineAsync', 'createShaderModule', 'createBindGroup', 'createBindGroupLayout'] as const),
  ...(['createBuffer', 'createCommandEncoder', 'submit', 'writeBuffer', 'onSubmittedWorkDone'] as const),
  ...(['beginComputePass', 'copyBufferToBuffer', 'finish', 'setPipeline', 'dispatchWorkgroups', 'end'] as const),
  ...(['mapAsync', 'getMappedRange'] as const),
];
type Method = (typeof METHODS)[number];

async function openFaulty(): Promise<Faulty> {
  const { device, release } = await openDevice({});
  let armed: { method: Method; isAsync: boolean } | undefined;
  let failed = false;
  const watch = (target: object, names: readonly Method[], seen: (result: object) => void = () => {}): void => {
    const methods = target as Record<string, (...given: unknown[]) => object>;
    for (const name of names) {
      const original = methods[name];
      methods[name] = (...given) => {
        if (armed?.method === name) {
          const { isAsync } = armed;
          armed = undefined;
          failed = true;
          const error = new Error(INJECTED);
          if (isAsync) return Promise.reject(error);
          throw error;
        }
        const result = original.apply(target, given);
        seen(result);
        return result;
      };
    }
  };
  watch(device, ['createComputePipelineAsync', 'createShaderModule', 'createBindGroup', 'createBindGroupLayout']);
  watch(device.queue, ['submit', 'writeBuffer', 'onSubmittedWorkDone']);
  watch(device, ['createBuffer'], (buffer) => watch(buffer, ['mapAsync', 'getMappedRange']));
  watch(device, ['createCommandEncoder'], (encoder) => {
    watch(encoder, ['copyBufferToBuffer', 'finish']);
    watch(encoder, ['beginComputePass'], (pass) => watch(pass, ['setPipeline', 'dispatchWorkgroups', 'end']));
  });
  const engine = await open({ device });
  return {
    engine,
    failNext(method, isAsync = false) {
      failed = false;
      armed = { method, isAsync };
    },
    hasFailed: () => failed,
    close() {
      engine.close();
      release();
    },
  };
}

const opened: Faulty[] = [];
async function make(): Promise<Faulty> {
  const one = await openFaulty();
  opened.push(one);
  return one;
}
afterEach(() => {
  for (const one of opened.splice(0)) one.close();
});

const ASYNC: readonly Method[] = ['createComputePipelineAsync', 'mapAsync', 'onSubmittedWorkDone'];

/** 2·x·x + 1, where every part is a kernel. */
async function compute(engine: Engine): Promise<number[]> {
  const made: Tensor[] = [];
  const keep = (tensor: Tensor): Tensor => {
    made.push(tensor);
    return tensor;
  };
  try {
    const x = keep(engine.tensor([1, 2, 3, 4], [2, 2]));
    const y = keep(keep(keep(x.matmul(x)).mul(2)).add(1));
    await engine.idle();
    return Array.from(await y.data());
  } finally {
    for (const tensor of made) tensor.dispose();
  }
}
const RIGHT = [15, 21, 31, 45];

describe('after a fault in', () => {
  const cases = METHODS.flatMap((method): [string, Method, boolean][] => [
    [`${method} that throws`, method, false],
    ...(ASYNC.includes(method) ? ([[`${method} that rejects`, method, true]] as [string, Method, boolean][]) : []),
  ]);
  test.each(cases)('%s, the same work is done right', async (_, method, isAsync) => {
    const { engine, failNext, hasFailed } = await make();
    for (const isFirst of [true, false]) {
      failNext(method, isAsync);
      const outcome = await compute(engine).catch((error: unknown) => error);
      // The second time everything is compiled already.
      if (hasFailed()) {
        expect(outcome).toBeInstanceOf(Error);
        expect(String(outcome)).toContain(INJECTED);
      } else {
        expect(isFirst).toBe(false);
        expect(outcome).toEqual(RIGHT);
        failNext('end', false); // the next line triggers it
        await compute(engine).catch(() => {});
      }
      expect(await compute(engine)).toEqual(RIGHT);
      expect(await compute(engine)).toEqual(RIGHT);
    }
    const before = engine.memory();
    expect(await compute(engine)).toEqual(RIGHT);
    expect(engine.memory().buffers).toBe(before.buffers);
    expect(before.buffers).toBe(0);
  });

  test.each(['createComputePipelineAsync', 'submit', 'createBindGroup'] as const)(
    '%s, its results and everything computed from them stay invalid; everything else is valid',
    async (method) => {
      const { engine, failNext } = await make();
      const x = engine.tensor([1, 2]);
      expect(Array.from(await x.data())).toEqual([1, 2]);
      failNext(method);
      const y = x.exp();
      await expect(engine.idle()).rejects.toThrow(INJECTED);
      for (let time = 0; time < 2; time++) {
        await expect(y.data()).rejects.toThrow(INJECTED);
        await expect(y.mul(2).add(x).data()).rejects.toThrow(INJECTED);
        expect(Array.from(await x.mul(2).data())).toEqual([2, 4]);
      }
      y.dispose();
      expect(Array.from(await x.exp().data())).toEqual([1, 2].map((value) => expect.closeTo(Math.exp(value), 5)));
    },
  );

  test.each(['submit', 'createComputePipelineAsync', 'mapAsync'] as const)(
    '%s, a solve and its gradient are right',
    async (method) => {
      const { engine, failNext } = await make();
      const [zero, x] = [engine.tensor([0, 0], [1, 2]), engine.tensor([1, -2], [1, 2])];
      const gradient = async (): Promise<number[]> => {
        const [, [g]] = await valueAndGrad(
          (a) => fixedPoint((z, b) => z.mul(0.5).add(b), { unknown: zero, inputs: [a] }).sum(),
          [x],
        );
        return Array.from(await g.data());
      };
      failNext(method, method !== 'submit');
      await expect(gradient()).rejects.toThrow(INJECTED);
      const found = await gradient();
      expect(found).toEqual([2, 2].map((value) => expect.closeTo(value, 4)));
    },
  );
});
