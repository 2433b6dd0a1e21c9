/** Projections onto products of cones, and their derivatives. */
import fc from 'fast-check';
import type { Backend } from '../../../src/backends/backend.ts';
import type { ConeBlock } from '../../../src/backends/cone-kernels.ts';
import type { CallWithoutSlots } from '../../../src/program/trace.ts';
import { type Cone, readCones, rowsOfCones } from '../../../src/solvers/cones/cone.ts';
import {
  createSingleCall,
  expectAgreement,
  type ParityCase,
  randomNumbers,
  randomValues,
  runOn,
  type Values,
} from './parity.ts';

const SIMPLE: readonly Cone[] = [
  { type: 'zero', dim: 2 },
  { type: 'free', dim: 3 },
  { type: 'nonneg', dim: 4 },
  { type: 'nonneg', dim: 1 },
  { type: 'soc', dim: 1 },
  { type: 'soc', dim: 3 },
  { type: 'soc', dim: 70 },
];
const OTHERS: readonly Cone[] = [
  { type: 'psd', dim: 1 },
  { type: 'psd', dim: 2 },
  { type: 'psd', dim: 5 },
  { type: 'psd', dim: 8 },
  { type: 'exp', dim: 3 },
  { type: 'expdual', dim: 3 },
  ...[0.1, 0.5, 0.8].flatMap((alpha): Cone[] => [
    { type: 'pow', dim: 3, alpha },
    { type: 'powdual', dim: 3, alpha },
  ]),
];

function project(blocks: readonly ConeBlock[], x: Values): [CallWithoutSlots, number[]] {
  const columns = rowsOfCones(blocks);
  return [{ kernel: 'projectCones', rows: x.length / columns, columns, blocks } as CallWithoutSlots, [x.length]];
}

interface Kinks {
  readonly selection?: number;
  readonly isToleranceShared?: boolean;
  readonly hasShares?: boolean;
}

function differentiate(
  blocks: readonly ConeBlock[],
  x: Values,
  { selection = 0, isToleranceShared = true, hasShares = false }: Kinks,
): [CallWithoutSlots, number[]] {
  const columns = rowsOfCones(blocks);
  const rows = x.length / columns;
  const call = { kernel: 'projectConesDerivative', rows, columns, blocks, isToleranceShared, selection };
  return [call as CallWithoutSlots, [x.length, x.length, isToleranceShared ? 1 : rows, hasShares ? x.length : 0]];
}

/** Values and derivatives at random points, which lie in and outside of the cones, and of their polars. */
function agreement(name: string, cones: readonly Cone[], numRuns: number): ParityCase {
  return {
    name: `cones, ${name}: values and derivatives of products`,
    run: (reference, candidate) =>
      fc.assert(
        fc.asyncProperty(
          fc.array(fc.constantFrom(...cones), { minLength: 1, maxLength: 5 }),
          fc.constantFrom(1, 3, 67),
          fc.constantFrom(1e-12, 1, 1e9),
          fc.integer(),
          async (chosen, rows, scale, seed) => {
            const blocks = readCones('cones', chosen);
            const size = rows * rowsOfCones(blocks);
            const random = randomNumbers(seed);
            const [x, h] = [randomValues(size, random, scale), randomValues(size, random)];
            const [projection, sizes] = project(blocks, x);
            const what = `${JSON.stringify(chosen)} ${rows} rows, scale ${scale}, seed ${seed}`;
            const given = { absolute: 64 * scale, relative: 64 };
            const value = createSingleCall(what, projection, sizes, size);
            await expectAgreement(reference, candidate, value, [x], given);
            await compareDerivatives(reference, candidate, blocks, x, h, what);
          },
        ),
        { numRuns, seed: 8 },
      ),
  };
}

/** No closer than this to a kink the derivative in float32 is right to a few thousand units of rounding. */
const CLEAR = 0.02;

/** Compares the derivatives of the blocks whose points are clear of kinks. */
async function compareDerivatives(
  reference: Backend,
  candidate: Backend,
  blocks: readonly ConeBlock[],
  x: Values,
  h: Values,
  what: string,
): Promise<void> {
  const columns = rowsOfCones(blocks);
  const size = x.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  const derivativesOf = async (backend: Backend, q: number, tolerance: number): Promise<Float64Array> => {
    const [call, sizes] = differentiate(blocks, x, { selection: q });
    const [found] = await runOn(backend, createSingleCall(what, call, sizes, x.length), [
      ...[x, h],
      Float32Array.of(tolerance),
    ]);
    return found;
  };
  const least = await derivativesOf(reference, 0, CLEAR * size);
  const greatest = await derivativesOf(reference, 1, CLEAR * size);
  const [expected, found] = [await derivativesOf(reference, 0.5, 1e-30), await derivativesOf(candidate, 0.5, 1e-30)];
  for (let row = 0; row < x.length / columns; row++) {
    for (const { start, rows, type } of blocks) {
      const from = row * columns + start;
      const part = (values: ArrayLike<number>): number[] =>
        Array.from({ length: rows }, (_, index) => values[from + index]);
      if (part(least).some((value, index) => value !== part(greatest)[index])) continue;
      const difference = Math.max(...part(found).map((value, index) => Math.abs(value - part(expected)[index])));
      if (difference <= 5e-4) continue;
      throw new Error(`${what}: ${type} at ${part(x)}, h ${part(h)}: ${part(found)}, not ${part(expected)}`);
    }
  }
}

/** Points at kinks that float32 can hold, for each cone. */
const AT_KINKS: readonly (readonly [Cone, readonly (readonly number[])[]])[] = [
  [
    { type: 'nonneg', dim: 2 },
    [
      [0, 1],
      [-1, 0],
    ],
  ],
  [
    { type: 'soc', dim: 3 },
    [
      [5, 3, 4],
      [-5, 3, -4],
      [0, 0, 0],
      [1, 0, 0],
      [-1, 0, 0],
      [0, 1, 0],
    ],
  ],
  [
    { type: 'psd', dim: 2 },
    [
      [1, 0, 0],
      [-1, 0, 0],
      [0, 0, 0],
      [0, 0, 2],
    ],
  ],
  [
    { type: 'psd', dim: 3 },
    [
      [1, 0, 0, 0, 0, 0],
      [1, 0, 0, 0, 0, -1],
      [0, 0, 0, 2, 0, -2],
    ],
  ],
  ...(['exp', 'expdual'] as const).map((type): [Cone, number[][]] => [
    { type, dim: 3 },
    [
      [0, 0, 0],
      [0, 1, 1],
      [1, 0, -1],
      [-1, 0, 1],
      [-1, -1, 0],
      [-1, 0, -1],
      [-1, 0, 0],
      [0, -1, 1],
      [0, -1, -1],
      [0, -1, 0],
      [0, 0, 1],
      [0, 0, -1],
      [1, -1, 0],
    ],
  ]),
  ...(['pow', 'powdual'] as const).map((type): [Cone, number[][]] => [
    { type, dim: 3, alpha: 0.5 },
    [
      [0, 0, 0],
      [4, 1, 2],
      [4, 1, -2],
      [-1, -1, 2],
      [1, 0, 0],
      [0, 1, 0],
      [1, -1, 0],
      [-1, 1, 0],
      [0, -1, 0],
      [-1, 0, 0],
      [-1, -1, 0],
    ],
  ]),
];

function atKinks(cones: readonly (readonly [Cone, readonly (readonly number[])[]])[]): ParityCase {
  return {
    name: `cones: elements at kinks of ${[...new Set(cones.map(([{ type }]) => type))].join(', ')}`,
    async run(reference, candidate) {
      for (const [cone, points] of cones) {
        const blocks = readCones('cones', [cone]);
        const signs = [1, -1].flatMap((sign) => points.map((point) => point.map((value) => sign * value)));
        const x = Float32Array.from(signs.flat());
        const rows = signs.length;
        const h = randomValues(x.length, randomNumbers(rows));
        for (const isToleranceShared of [true, false]) {
          const shares = randomValues(x.length, randomNumbers(3)).map((value) => 0.5 + 0.5 * value);
          const tolerance = new Float32Array(isToleranceShared ? 1 : rows).fill(1e-6);
          for (const hasShares of [true, false]) {
            const [call, sizes] = differentiate(blocks, x, { selection: 0.25, isToleranceShared, hasShares });
            const program = createSingleCall(`${JSON.stringify(cone)} at kinks`, call, sizes, x.length);
            const given = [x, h, tolerance, ...(hasShares ? [shares] : [])];
            await expectAgreement(reference, candidate, program, given, { absolute: 64, relative: 64 });
          }
        }
      }
    },
  };
}

/** NaN and infinities stay in their block, and are never lost. */
function special(cones: readonly Cone[]): ParityCase {
  return {
    name: `cones: NaN and infinities in ${[...new Set(cones.map(({ type }) => type))].join(', ')}`,
    async run(reference, candidate) {
      for (const cone of cones) {
        const blocks = readCones('cones', [cone, cone, { type: 'nonneg', dim: 1 }]);
        const columns = rowsOfCones(blocks);
        for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
          for (let place = 0; place < blocks[0].rows; place += 7) {
            const good = randomValues(2 * columns, randomNumbers(place + 1));
            const bad = good.map((number, index) => (index === place ? value : number));
            const [projection, sizes] = project(blocks, bad);
            const units = { absolute: 64, relative: 64 };
            const program = createSingleCall(`${cone.type} of ${value}`, projection, sizes, bad.length);
            await expectAgreement(reference, candidate, program, [bad], units);
            for (const given of [
              [bad, good, Float32Array.of(1e-6)],
              [good, bad, Float32Array.of(1e-6)],
              [good, good, Float32Array.of(Number.NaN)],
            ]) {
              const [call, needed] = differentiate(blocks, good, { selection: 1 });
              const derivative = createSingleCall(`${cone.type}, derivative, ${value}`, call, needed, bad.length);
              await expectAgreement(reference, candidate, derivative, given, { absolute: 1e4, relative: 64 });
            }
          }
        }
      }
    },
  };
}

/** Numbers whose squares leave the range of float32. */
function extremes(cones: readonly Cone[]): ParityCase {
  return {
    name: `cones: very large and very small numbers in ${[...new Set(cones.map(({ type }) => type))].join(', ')}`,
    async run(reference, candidate) {
      for (const cone of cones) {
        const blocks = readCones('cones', [cone]);
        for (const scale of [1e-30, 1e25]) {
          const x = randomValues(9 * rowsOfCones(blocks), randomNumbers(11), scale);
          const [call, sizes] = project(blocks, x);
          const program = createSingleCall(`${JSON.stringify(cone)} times ${scale}`, call, sizes, x.length);
          await expectAgreement(reference, candidate, program, [x], { absolute: 64 * scale, relative: 64 });
        }
      }
    },
  };
}

const large: ParityCase = {
  name: 'cones: matrices of orders up to 32',
  async run(reference, candidate) {
    for (const dim of [9, 32]) {
      const blocks = readCones('cones', [
        { type: 'psd', dim },
        { type: 'psd', dim },
      ]);
      const random = randomNumbers(dim);
      const size = 2 * rowsOfCones(blocks);
      const [x, h] = [randomValues(size, random), randomValues(size, random)];
      const [projection, sizes] = project(blocks, x);
      const tolerance = { absolute: 64 * dim, relative: 64 };
      await expectAgreement(
        reference,
        candidate,
        createSingleCall(`psd ${dim}`, projection, sizes, size),
        [x],
        tolerance,
      );
      await compareDerivatives(reference, candidate, blocks, x, h, `psd ${dim}`);
    }
  },
};

const isSimple = ({ type }: Cone): boolean => SIMPLE.some((cone) => cone.type === type);

/** For every backend. */
export const simpleConeCases: readonly ParityCase[] = [
  agreement('zero, free, nonneg, soc', SIMPLE, 20),
  atKinks(AT_KINKS.filter(([cone]) => isSimple(cone))),
  special(SIMPLE),
  extremes(SIMPLE),
];

/** For the backends with all cones. */
export const coneCases: readonly ParityCase[] = [
  agreement('all of them', [...SIMPLE, ...OTHERS], 30),
  atKinks(AT_KINKS.filter(([cone]) => !isSimple(cone))),
  special(OTHERS),
  extremes(OTHERS),
  large,
];
