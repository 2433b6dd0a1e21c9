import fc from 'fast-check';
import { ABSENT } from '../../../src/backends/kernels.ts';
import { type CallWithoutSlots, Trace } from '../../../src/program/trace.ts';
import { expectAgreement, type ParityCase, randomNumbers, randomValues, type Values } from './parity.ts';

/** s·I + BBᵀ/n + (C − Cᵀ)·a/√n: a smaller s or a larger a make it worse conditioned. */
function definite(n: number, s: number, a: number, seed: number): Values {
  const random = randomNumbers(seed);
  const [B, C] = [randomValues(n * n, random), randomValues(n * n, random)];
  return Float32Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    let sum = i === j ? s : 0;
    for (let k = 0; k < n; k++) sum += (B[i * n + k] * B[j * n + k]) / n;
    return sum + ((C[i * n + j] - C[j * n + i]) * a) / Math.sqrt(n);
  });
}

/** A⁻¹, and I − A·A⁻¹. */
const inverses: ParityCase = {
  name: 'invert: whole and part blocks, well and badly conditioned',
  run: (...backends) =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom(1, 2, 3, 4, 7, 8, 31, 32, 33, 63, 64, 65, 87, 130),
        fc.constantFrom(
          { s: 1, a: 0.5, units: 512 },
          { s: 1, a: 30, units: 4096 },
          { s: 1e-3, a: 0.1, units: 1 << 19 },
        ),
        fc.integer(),
        async (n, { s, a, units }, seed) => {
          const trace = new Trace(`invert ${n}, s ${s}, a ${a}, seed ${seed}`);
          const matrix = trace.input(n * n);
          const inverse = trace.call({ kernel: 'invert', order: n }, [matrix], n * n);
          const identity = trace.constant({ kind: 'identity', order: n }, n * n);
          const product = {
            kernel: 'product',
            m: n,
            n,
            k: n,
            transposeA: false,
            transposeB: false,
            bias: 'none',
            activation: 'identity',
            activationParameters: [0, 0],
            proximal: false,
            residual: true,
          } as CallWithoutSlots;
          const operands = [matrix, inverse, ABSENT, ABSENT, identity, ABSENT];
          const missed = trace.call(product, operands, n * n);
          const program = trace.finish([inverse, missed]);
          await expectAgreement(...backends, program, [definite(n, s, a, seed)], { absolute: units, relative: units });
        },
      ),
      { numRuns: 60, seed: 9 },
    ),
};

/** For backends that have the kernel. */
export const invertCases: readonly ParityCase[] = [inverses];
