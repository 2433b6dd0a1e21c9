/** Loops in one kernel call, compared with the loops of the Programs that they replace, on the same backend. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Backend } from '../../src/backends/backend.ts';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { STATE_ROWS, STATUS } from '../../src/backends/kernels.ts';
import { openWebGPU } from '../../src/backends/webgpu/index.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { relativeError } from './numbers.ts';

/** The same backend, without the kernels that carry out a whole loop in one call. */
const withoutWholeLoops = (backend: Backend): Backend =>
  new Proxy(backend, {
    get(target, name) {
      if (name === 'widestIteration') return 0;
      const value = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });

/** The CPU with its kind changed to that of a device: its kernel is the oracle of the others. */
const BACKENDS: Readonly<Record<'cpu' | 'webgpu', { open: () => Promise<Backend>; apart: number }>> = {
  cpu: { open: async () => ({ ...openCPU(), name: 'webgpu', widestIteration: 1000 }), apart: 0 },
  webgpu: { open: openWebGPU, apart: 1 },
};

interface Loops<Choice> {
  readonly usual: Choice;
  /** Changes of the usual choice. */
  readonly cases: Readonly<Record<string, Partial<Choice>>>;
  /** Runs the loop: the samples, and their state [5, batch]. */
  readonly run: (engine: Engine, choice: Choice) => Promise<{ samples: number[]; state: number[] }>;
  /** How far the samples may be apart. */
  readonly errors: Readonly<Record<'cpu' | 'webgpu', number>>;
  /** The case whose samples stop at different times. */
  readonly varied: string;
  /** A limit that most samples reach. */
  readonly short: number;
}

export function describeWholeLoops<Choice extends { readonly batch: number; readonly limit: number }>({
  usual,
  cases,
  run,
  errors,
  varied,
  short,
}: Loops<Choice>): void {
  describe.each(['cpu', 'webgpu'] as const)(
    'on %s the loop in one call agrees with the loop of the Program',
    (name) => {
      const { open, apart } = BACKENDS[name];
      let whole: Backend;
      beforeAll(async () => {
        whole = await open();
      });
      afterAll(() => whole.close());

      test.each(Object.entries(cases))('%s', async (which, change) => {
        const choice = { ...usual, ...change };
        const { batch, limit } = choice;
        const expected = await run(new Engine(withoutWholeLoops(whole)), choice);
        const found = await run(new Engine(whole), choice);
        const row = ({ state }: typeof found, index: number): number[] =>
          state.slice(index * batch, (index + 1) * batch);
        const [counts, others] = [expected, found].map((end) => row(end, STATE_ROWS.remaining));
        for (const [sample, count] of counts.entries())
          expect(Math.abs(count - others[sample])).toBeLessThanOrEqual(apart);
        expect(row(found, STATE_ROWS.status)).toEqual(row(expected, STATE_ROWS.status));
        expect(relativeError(found.samples, expected.samples)).toBeLessThan(errors[name]);
        if (limit === short) expect(row(found, STATE_ROWS.status)).toContain(STATUS.running);
        if (which === varied) expect(new Set(counts).size).toBeGreaterThan(3);
      });
    },
  );
}
