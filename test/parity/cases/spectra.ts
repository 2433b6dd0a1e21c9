/** Transforms of images and products of complex matrices, on host backends. */
import fc from 'fast-check';
import type { ComplexProductCall, FourierCall } from '../../../src/backends/kernels.ts';
import type { CallWithoutSlots } from '../../../src/program/trace.ts';
import { createSingleCall, expectAgreement, type ParityCase, randomNumbers, randomValues } from './parity.ts';

type Backends = Parameters<ParityCase['run']>;
type FourierSizes = Omit<FourierCall, 'inputs' | 'output' | 'kernel'>;

function rootsOf(extents: readonly number[]): Float32Array {
  const angles = extents.map((extent) => Array.from({ length: extent }, (_, k) => (2 * Math.PI * k) / extent));
  return Float32Array.from(angles.flatMap((each) => [...each.map(Math.cos), ...each.map(Math.sin)]));
}

async function checkFourier(backends: Backends, sizes: FourierSizes, seed: number): Promise<void> {
  const { lines, rows, columns, inverse } = sizes;
  const ofImages = lines * rows * columns;
  const ofSpectrum = 2 * lines * rows * (Math.floor(columns / 2) + 1);
  const [given, made] = inverse ? [ofSpectrum, ofImages] : [ofImages, ofSpectrum];
  const roots = rootsOf([rows, columns]);
  const call = { kernel: 'fourier', ...sizes } as CallWithoutSlots;
  const program = createSingleCall(`fourier ${JSON.stringify(sizes)}`, call, [given, roots.length], made);
  const absolute = inverse ? 8 : 2 * (rows + columns + 4);
  const inputs = [randomValues(given, randomNumbers(seed)), roots];
  await expectAgreement(...backends, program, inputs, { absolute, relative: 8 });
}

const extent = fc.oneof(fc.constantFrom(1, 2, 3, 4, 30, 34), fc.integer({ min: 1, max: 20 }));

const transforms: ParityCase = {
  name: 'fourier: images of any size, any number of lines, in both directions',
  run: (...backends) =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom(1, 3, 15, 16, 17, 50),
        extent,
        extent,
        fc.boolean(),
        fc.integer(),
        (lines, rows, columns, inverse, seed) => checkFourier(backends, { lines, rows, columns, inverse }, seed),
      ),
      { numRuns: 80, seed: 5 },
    ),
};

type ProductSettings = Omit<ComplexProductCall, 'inputs' | 'output' | 'kernel'> & { readonly isSplit: boolean };

async function checkProduct(backends: Backends, settings: ProductSettings, seed: number): Promise<void> {
  const { isSplit, ...call } = settings;
  const { batch, m, n, k } = call;
  const sizeB = batch * k * n;
  const sizes = [2 * batch * m * k, ...(isSplit ? [sizeB, sizeB] : [2 * sizeB])];
  const name = `complex product ${JSON.stringify(settings)}`;
  const program = createSingleCall(
    name,
    { kernel: 'complexProduct', ...call } as CallWithoutSlots,
    sizes,
    2 * batch * m * n,
  );
  const random = randomNumbers(seed);
  const inputs = sizes.map((size) => randomValues(size, random));
  await expectAgreement(...backends, program, inputs, { absolute: 4 * k + 8, relative: 8 });
}

const side = fc.oneof(fc.constantFrom(1, 4, 8, 9, 63, 64, 65), fc.integer({ min: 1, max: 30 }));

const products: ParityCase = {
  name: 'complex product: any shape, both transposes, the conjugate, parts in one operand or in two',
  async run(...backends) {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(1, 2, 5),
        side,
        side,
        side,
        fc.record({
          transposeA: fc.boolean(),
          transposeB: fc.boolean(),
          conjugate: fc.boolean(),
          isSplit: fc.boolean(),
        }),
        fc.integer(),
        (batch, m, n, k, flags, seed) => checkProduct(backends, { batch, m, n, k, ...flags }, seed),
      ),
      { numRuns: 60, seed: 6 },
    );
    // Deeper than one block, with more rows than one block, and with single columns at the end of deep rows.
    const deep = { batch: 2, m: 67, n: 13, k: 400, transposeB: true, conjugate: false, isSplit: true };
    for (const transposeA of [false, true]) await checkProduct(backends, { ...deep, transposeA }, 7);
    for (const conjugate of [false, true]) {
      await checkProduct(backends, { ...deep, m: 131, n: 11, k: 170, transposeA: false, conjugate }, 8);
    }
  },
};

export const spectrumCases: readonly ParityCase[] = [transforms, products];
