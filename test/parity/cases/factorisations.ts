/** Factorisations of batches. */
import fc from 'fast-check';
import { type CallWithoutSlots, Trace } from '../../../src/program/trace.ts';
import {
  createSingleCall,
  expectAgreement,
  type ParityCase,
  randomNumbers,
  randomValues,
  runOn,
  type Values,
} from './parity.ts';

const EPSILON = 2 ** -23;

/** I + BBᵀ/n for each sample, in the lower triangle only; the numbers above the diagonal are arbitrary. */
function definite(batch: number, n: number, seed: number): Values {
  const random = randomNumbers(seed);
  const B = randomValues(batch * n * n, random);
  return Float32Array.from({ length: batch * n * n }, (_, at) => {
    const [base, i, j] = [Math.floor(at / (n * n)) * n * n, Math.floor(at / n) % n, at % n];
    if (j > i) return random();
    let sum = Number(i === j);
    for (let k = 0; k < n; k++) sum += (B[base + i * n + k] * B[base + j * n + k]) / n;
    return sum;
  });
}

const order = fc.constantFrom(1, 2, 3, 4, 7, 8, 31, 33, 64, 65, 130);

const factors: ParityCase = {
  name: 'cholesky: any order, and the systems of its factors',
  run: (...backends) =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom(1, 2, 5),
        order,
        fc.constantFrom(1, 2, 35),
        fc.boolean(),
        fc.integer(),
        async (batch, n, columns, transposed, seed) => {
          const trace = new Trace(`cholesky of ${batch} of order ${n}, ${columns} columns, seed ${seed}`);
          const [matrix, right] = [trace.input(batch * n * n), trace.input(batch * n * columns)];
          const sizes = { batch, order: n };
          const whole = trace.call(
            { kernel: 'cholesky', ...sizes, epsilon: EPSILON } as CallWithoutSlots,
            [matrix],
            batch * (n * n + 1),
          );
          const solved = trace.call(
            { kernel: 'triangularSolve', ...sizes, columns, transposed } as CallWithoutSlots,
            [whole, right],
            batch * n * columns,
          );
          const given = [definite(batch, n, seed), randomValues(batch * n * columns, randomNumbers(seed))];
          await expectAgreement(...backends, trace.finish([whole, solved]), given, { absolute: 128, relative: 128 });
        },
      ),
      { numRuns: 30, seed: 3 },
    ),
};

const splitting: ParityCase = {
  name: 'cholesky: an order that is processed in stretches of rows',
  async run(...backends) {
    const n = 420;
    const program = createSingleCall(
      'cholesky in stretches',
      { kernel: 'cholesky', batch: 1, order: n, epsilon: EPSILON } as CallWithoutSlots,
      [n * n],
      n * n + 1,
    );
    await expectAgreement(...backends, program, [definite(1, n, 4)], { absolute: 256, relative: 256 });
  },
};

/** Samples that are singular, indefinite, NaN or infinite: each is reported, and none of their numbers is finite. */
function failing(kernel: 'cholesky' | 'batchedInvert'): ParityCase {
  return {
    name: `${kernel}: failed samples are reported, with the place of the pivot`,
    async run(_, candidate) {
      const [batch, n] = [6, 9];
      const a = definite(batch, n, 5);
      const place = (sample: number, i: number, j: number): number => sample * n * n + i * n + j;
      for (let j = 0; j < n; j++) {
        a[place(1, 4, j)] = 0;
        a[place(1, j, 4)] = 0;
      }
      a[place(2, 0, 0)] = -1;
      a[place(3, 7, 7)] = Number.NaN;
      a[place(5, 0, 0)] = Number.POSITIVE_INFINITY;
      const call = { kernel, batch, order: n, epsilon: EPSILON } as CallWithoutSlots;
      const [found] = await runOn(candidate, createSingleCall(kernel, call, [a.length], a.length + batch), [a]);
      const failed = [...found.subarray(a.length)];
      if (kernel === 'cholesky' && failed.join() !== '0,5,1,8,0,1') throw new Error(`it tells ${failed}`);
      for (let sample = 0; sample < batch; sample++) {
        const has = found.subarray(place(sample, 0, 0), place(sample + 1, 0, 0)).every(Number.isFinite);
        const isRegular = sample === 0 || sample === 4;
        if (has !== isRegular || (failed[sample] === 0) !== isRegular) {
          throw new Error(`sample ${sample}: it tells ${failed[sample]}; its numbers are ${has ? '' : 'not '}finite`);
        }
      }
    },
  };
}

const inverses: ParityCase = {
  name: 'batchedInvert: any order',
  run: (...backends) =>
    fc.assert(
      fc.asyncProperty(fc.constantFrom(1, 2, 5), order, fc.integer(), async (batch, n, seed) => {
        const a = definite(batch, n, seed);
        const call = { kernel: 'batchedInvert', batch, order: n, epsilon: EPSILON } as CallWithoutSlots;
        const program = createSingleCall(`batchedInvert seed ${seed}`, call, [a.length], a.length + batch);
        await expectAgreement(...backends, program, [symmetric(a, n)], { absolute: 512, relative: 512 });
      }),
      { numRuns: 30, seed: 6 },
    ),
};

/** The matrices with both triangles filled from the lower one. */
function symmetric(a: Values, n: number): Values {
  return a.map((value, at) => {
    const [base, i, j] = [Math.floor(at / (n * n)) * n * n, Math.floor(at / n) % n, at % n];
    return j > i ? a[base + j * n + i] : value;
  });
}

/** For backends with factorisations. */
export const factorCases: readonly ParityCase[] = [factors, splitting, failing('cholesky')];
/** For host backends. */
export const batchedInvertCases: readonly ParityCase[] = [inverses, failing('batchedInvert')];
