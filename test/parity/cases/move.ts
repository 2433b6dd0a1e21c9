import fc from 'fast-check';
import type { MoveCall } from '../../../src/backends/kernels.ts';
import type { CallWithoutSlots } from '../../../src/program/trace.ts';
import {
  createSingleCall,
  expectAgreement,
  type ParityCase,
  randomNumbers,
  randomValues,
  type Values,
} from './parity.ts';

type Check = Parameters<ParityCase['run']>;
type Settings = Omit<MoveCall, 'kernel' | 'inputs' | 'output'>;

/** Absent operands are empty. */
async function checkMove(
  backends: Check,
  settings: Settings,
  operands: readonly Values[],
  rounding = 0,
): Promise<void> {
  const { outer, length, inner } = settings;
  const sizes = operands.map((values) => values.length);
  const call = { kernel: 'move', ...settings } as CallWithoutSlots;
  const program = createSingleCall(`move ${JSON.stringify(settings)}`, call, sizes, outer * length * inner);
  const inputs = operands.filter((values) => values.length > 0);
  await expectAgreement(...backends, program, inputs, { absolute: rounding, relative: 0 });
}

const NOTHING = new Float32Array(0);
const extent = fc.constantFrom(1, 2, 3, 7, 33);

function eachShape(
  check: (outer: number, extent: number, inner: number, seed: number) => Promise<void>,
): Promise<void> {
  return fc.assert(fc.asyncProperty(fc.constantFrom(1, 2, 5), extent, extent, fc.integer(), check), {
    numRuns: 15,
    seed: 6,
  });
}

/** Integers from −2 to limit + 1, some of which are out of range. */
function indicesOf(count: number, limit: number, random: () => number): Values {
  return Float32Array.from({ length: count }, () => Math.floor(((random() + 1) / 2) * (limit + 4)) - 2);
}

const gather: ParityCase = {
  name: 'move gather: with indices and with an offset, past both ends, from one tensor and from two',
  run: (...backends) =>
    eachShape(async (outer, extent, inner, seed) => {
      const random = randomNumbers(seed);
      const x = randomValues(outer * extent * inner, random);
      for (const others of [0, 4]) {
        const y = randomValues(outer * others * inner, random);
        const settings = { operation: 'gather', outer, extent, inner, others } as const;
        const indices = indicesOf(9, extent + others, random);
        await checkMove(backends, { ...settings, length: 9, offset: 0 }, [x, indices, y]);
        await checkMove(backends, { ...settings, length: extent + 3, offset: -2 }, [x, NOTHING, y]);
      }
    }),
};

const scatter: ParityCase = {
  name: 'move scatter: rows replaced in any order, those outside left out',
  run: (...backends) =>
    eachShape(async (outer, extent, inner, seed) => {
      const random = randomNumbers(seed);
      const order = Array.from({ length: extent + 2 }, (_, row) => ({ row: row - 1, key: random() }));
      const indices = Float32Array.from(order.sort((a, b) => a.key - b.key).slice(0, 4), ({ row }) => row);
      const x = randomValues(outer * extent * inner, random);
      const y = randomValues(outer * indices.length * inner, random);
      const settings = { operation: 'scatter', outer, extent, inner, others: indices.length, offset: 0 } as const;
      await checkMove(backends, { ...settings, length: extent }, [x, indices, y]);
    }),
};

const segments: ParityCase = {
  name: 'move segmentSum: segments of every length, empty ones too',
  run: (...backends) =>
    eachShape(async (outer, extent, inner, seed) => {
      const random = randomNumbers(seed);
      const x = randomValues(outer * extent * inner, random);
      const index = indicesOf(extent, extent - 4, random).map((value) => Math.abs(value) % extent);
      const ends = Float32Array.from([
        0,
        0,
        ...indicesOf(5, extent - 4, random)
          .map(Math.abs)
          .sort(),
        extent,
      ]);
      const inside = ends.map((value) => Math.min(value, extent));
      const settings = { operation: 'segmentSum', outer, extent, inner, others: 0, offset: 0 } as const;
      await checkMove(backends, { ...settings, length: inside.length - 1 }, [x, index, inside], 4 * extent);
    }),
};

export const moveCases: readonly ParityCase[] = [gather, scatter, segments];
