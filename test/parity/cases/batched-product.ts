import fc from 'fast-check';
import { ACTIVATIONS, type BatchedProductCall, BIASES } from '../../../src/backends/kernels.ts';
import type { CallWithoutSlots } from '../../../src/program/trace.ts';
import { createSingleCall, type ParityCase } from './parity.ts';
import { agreeOnProducts } from './product.ts';

type Settings = Omit<BatchedProductCall, 'inputs' | 'output' | 'kernel'> & { readonly scaled: boolean };

const PLAIN: Settings = {
  batch: 1,
  m: 1,
  n: 1,
  k: 1,
  transposeA: false,
  transposeB: false,
  sharedA: false,
  sharedB: false,
  bias: 'none',
  activation: 'identity',
  activationParameters: [0.3, 0.9],
  proximal: false,
  residual: false,
  scaled: false,
};

async function check(backends: Parameters<ParityCase['run']>, settings: Settings, alpha: number, seed: number) {
  const { scaled, ...call } = settings;
  const { batch, m, n, k, sharedA, sharedB } = call;
  const whole = batch * m * n;
  const sizes = [
    (sharedA ? 1 : batch) * m * k,
    (sharedB ? 1 : batch) * k * n,
    { none: 0, row: n, full: whole }[call.bias],
    scaled ? whole : 0,
    call.residual || call.proximal ? whole : 0,
    call.proximal ? 1 : 0,
  ];
  const name = `batched product ${JSON.stringify(settings)} step ${alpha}`;
  const program = createSingleCall(name, { kernel: 'batchedProduct', ...call } as CallWithoutSlots, sizes, whole);
  await agreeOnProducts(backends, program, sizes, { k, alpha, seed });
}

const extent = fc.oneof(fc.constantFrom(1, 3, 4, 8, 31, 32, 33, 65), fc.integer({ min: 1, max: 40 }));

const shapes: ParityCase = {
  name: 'batched product: any shape, both transposes, operands shared by all samples or not',
  run: (...backends) =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom(1, 2, 3, 17),
        extent,
        extent,
        extent,
        fc.record({ transposeA: fc.boolean(), transposeB: fc.boolean(), sharedA: fc.boolean(), sharedB: fc.boolean() }),
        fc.integer(),
        (batch, m, n, k, flags, seed) => check(backends, { ...PLAIN, batch, m, n, k, ...flags }, 1, seed),
      ),
      { numRuns: 40, seed: 14 },
    ),
};

const many: ParityCase = {
  name: 'batched product: more samples than one dimension of workgroups takes, and a depth beyond a block',
  async run(...backends) {
    await check(backends, { ...PLAIN, batch: 70_000, m: 33, n: 1, k: 1 }, 1, 2);
    await check(backends, { ...PLAIN, batch: 2, m: 35, n: 13, k: 1100, bias: 'full', transposeB: true }, 1, 3);
  },
};

const epilogues: ParityCase = {
  name: 'batched product: an epilogue with each activation',
  async run(...backends) {
    for (const [index, activation] of ACTIVATIONS.entries()) {
      const settings = {
        ...PLAIN,
        ...{ batch: 3, m: 5, n: 6, k: 7, activation, sharedA: index % 5 === 0 },
        ...{ bias: BIASES[index % 3], proximal: index % 2 === 0, scaled: index % 3 === 0, residual: index % 4 === 0 },
      };
      for (const alpha of settings.proximal ? [0.25, 2.5] : [1]) await check(backends, settings, alpha, 9);
    }
    await check(backends, { ...PLAIN, batch: 3, m: 5, n: 6, k: 7, activation: 'relu', bias: 'row' }, 1, 10);
  },
};

export const batchedProductCases: readonly ParityCase[] = [shapes, many, epilogues];
