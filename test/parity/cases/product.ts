import fc from 'fast-check';
import type { Program } from '../../../src/backends/backend.ts';
import { ACTIVATIONS, type ActivationName, type ProductCall } from '../../../src/backends/kernels.ts';
import type { CallWithoutSlots } from '../../../src/program/trace.ts';
import { createSingleCall, expectAgreement, type ParityCase, randomNumbers, randomValues } from './parity.ts';

type ProductSettings = Omit<ProductCall, 'inputs' | 'output' | 'kernel'> & { readonly scaled: boolean };
type Check = Parameters<ParityCase['run']>;

const PLAIN: ProductSettings = {
  m: 1,
  n: 1,
  k: 1,
  transposeA: false,
  transposeB: false,
  bias: 'none',
  activation: 'identity',
  activationParameters: [0.3, 0.9],
  proximal: false,
  residual: false,
  scaled: false,
};

async function checkProduct(backends: Check, settings: ProductSettings, alpha: number, seed: number): Promise<void> {
  const { scaled, ...call } = settings;
  const { m, n, k } = call;
  const biasSize = { none: 0, row: n, full: m * n }[call.bias];
  const sizes = [
    m * k,
    k * n,
    biasSize,
    scaled ? m * n : 0,
    call.residual || call.proximal ? m * n : 0,
    call.proximal ? 1 : 0,
  ];
  const name = `product ${JSON.stringify(settings)} step ${alpha}`;
  await agreeOnProducts(
    backends,
    createSingleCall(name, { kernel: 'product', ...call } as CallWithoutSlots, sizes, m * n),
    sizes,
    {
      k,
      alpha,
      seed,
    },
  );
}

/**
 * Runs products of random operands with the given numbers of elements, 0 for an absent one; the last operand is the
 * step size.
 * @param k length of the sums
 */
export async function agreeOnProducts(
  backends: Check,
  program: Program,
  sizes: readonly number[],
  { k, alpha, seed }: { readonly k: number; readonly alpha: number; readonly seed: number },
): Promise<void> {
  const random = randomNumbers(seed);
  const inputs = sizes.flatMap((size, operand) => {
    if (size === 0) return [];
    return [operand === 5 ? Float32Array.of(alpha) : randomValues(size, random)];
  });
  // Sums of k products of numbers in [−1, 1]: their rounding error grows like √k times their own size, about √k.
  const size = 1 + Math.sqrt(k);
  await expectAgreement(...backends, program, inputs, { absolute: 4 * size * size * Math.max(1, alpha), relative: 4 });
}

const extent = fc.oneof(fc.constantFrom(1, 3, 4, 8, 31, 32, 87, 129), fc.integer({ min: 1, max: 70 }));

const shapes: ParityCase = {
  name: 'product: any shape, both transposes',
  run: (...backends) =>
    fc.assert(
      fc.asyncProperty(
        extent,
        extent,
        extent,
        fc.boolean(),
        fc.boolean(),
        fc.integer(),
        (m, n, k, transposeA, transposeB, seed) =>
          checkProduct(backends, { ...PLAIN, m, n, k, transposeA, transposeB }, 1, seed),
      ),
      { numRuns: 40, seed: 1 },
    ),
};

/** Sizes at the edges of the blocks that kernels compute. */
const edges: ParityCase = {
  name: 'product: shapes around the edges of the blocks',
  async run(...backends) {
    const extents: [number, number, number][] = [
      [1, 129, 87],
      [129, 1, 31],
      [1, 1, 129],
      [33, 65, 1],
      [64, 64, 64],
      [8, 8, 8],
      [9, 7, 4],
      [87, 87, 87],
    ];
    for (const [m, n, k] of extents) {
      for (const transposeA of [false, true]) {
        for (const transposeB of [false, true]) {
          await checkProduct(backends, { ...PLAIN, m, n, k, transposeA, transposeB }, 1, m + n + k);
        }
      }
    }
  },
};

const many: ParityCase = {
  name: 'product: enough blocks for the large workgroups',
  run: (...backends) => checkProduct(backends, { ...PLAIN, m: 1030, n: 521, k: 5, bias: 'row' }, 1, 6),
};

type Flags = readonly [bias: ProductSettings['bias'], proximal: boolean, scaled: boolean, residual: boolean];

async function checkEpilogue(
  backends: Check,
  activation: ActivationName,
  [bias, proximal, scaled, residual]: Flags,
): Promise<void> {
  const settings = { ...PLAIN, m: 5, n: 6, k: 7, transposeB: true, activation, bias, proximal, scaled, residual };
  for (const alpha of proximal ? [0.25, 1, 2.5] : [1]) await checkProduct(backends, settings, alpha, 9);
}

const BIASES = ['none', 'row', 'full'] as const;
const SWITCH = [false, true];

/** The code around the activation does not depend on it, so each combination is tested with two of them. */
const combinations: ParityCase[] = (['identity', 'tanh'] as const).map((activation) => ({
  name: `product: every epilogue with ${activation}`,
  async run(...backends) {
    for (const bias of BIASES) {
      for (const proximal of SWITCH) {
        for (const scaled of SWITCH) {
          for (const residual of SWITCH) await checkEpilogue(backends, activation, [bias, proximal, scaled, residual]);
        }
      }
    }
  },
}));

const activations: ParityCase[] = ACTIVATIONS.map((activation) => ({
  name: `product: ${activation} and its prox in the epilogue`,
  async run(...backends) {
    for (const proximal of SWITCH) await checkEpilogue(backends, activation, ['full', proximal, true, true]);
  },
}));

const someEpilogues: ParityCase = {
  name: 'product: an epilogue with each activation',
  async run(...backends) {
    for (const [index, activation] of ACTIVATIONS.entries()) {
      await checkEpilogue(backends, activation, [BIASES[index % 3], index % 2 === 0, index % 3 === 0, index % 4 === 0]);
    }
  },
};

const large: ParityCase = {
  name: 'product: large enough to be split by rows on a software adapter',
  run: (...backends) =>
    checkProduct(backends, { ...PLAIN, m: 150, n: 1100, k: 1400, bias: 'row', activation: 'tanh' }, 1, 5),
};

/** Operands that can be read as vectors of four, around the edges of blocks of 128 × 128 and slices of 16. */
const vectors: ParityCase = {
  name: 'product: shapes around the edges of the wide blocks',
  async run(...backends) {
    // A software adapter compiles each variant for seconds.
    await checkProduct(backends, { ...PLAIN, m: 132, n: 124, k: 36, transposeA: true }, 1, 1);
    await checkProduct(backends, { ...PLAIN, m: 132, n: 124, k: 36, transposeB: true }, 1, 2);
    // Sizes that are not multiples of four.
    await checkProduct(backends, { ...PLAIN, m: 129, n: 131, k: 20, transposeB: true }, 1, 3);
  },
};

const chosen: ParityCase = {
  name: 'product: a variant chosen by timing',
  run: (...backends) => checkProduct(backends, { ...PLAIN, m: 70, n: 68, k: 20, transposeB: true }, 1, 4),
};

/** For backends that use the wide variant for every product that allows it. */
export const wideProductCases: readonly ParityCase[] = [vectors];
/** For backends that time every product. */
export const tunedProductCases: readonly ParityCase[] = [chosen];
/** The cases that depend on the variant of the kernel; the epilogue is the same code in all of them. */
export const productVariantCases: readonly ParityCase[] = [shapes, edges, many, someEpilogues];
export const productCases: readonly ParityCase[] = [...productVariantCases, ...combinations, ...activations, large];
