/** Whole loops of the splitting for quadratic programs in one kernel call. */
import fc from 'fast-check';
import type { Backend } from '../../../src/backends/backend.ts';
import { type SplittingCall, STATE_ROWS, STATE_SIZE, STATUS } from '../../../src/backends/kernels.ts';
import { type CallWithoutSlots, Trace } from '../../../src/program/trace.ts';
import { type ParityCase, randomNumbers, randomValues, runOn } from './parity.ts';

interface Split extends Pick<SplittingCall, 'accelerated' | 'batch' | 'groups' | 'n' | 'limit' | 'giveUp'> {
  readonly seed: number;
  /** Samples, by number, whose bounds are not numbers. */
  readonly spoilt?: readonly number[];
}

const TOLERANCES = [1e-2, 1e-2, 1e-6, 1e-2, 1e-2, 1e-3, 1e-2];
const NO_BOUND = 1e30;

/** M = FFᵀ/‖FFᵀ‖_F, so that 0 ⪯ M ⪯ I, followed by columns of zeros. */
function matrixOf(n: number, stride: number, random: () => number): Float32Array {
  const rank = Math.ceil(n / 2);
  const factor = randomValues(n * rank, random);
  const product = Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    let sum = 0;
    for (let k = 0; k < rank; k++) sum += factor[i * rank + k] * factor[j * rank + k];
    return sum;
  });
  const size = Math.sqrt(product.reduce((sum, value) => sum + value * value, 0)) || 1;
  const matrix = new Float32Array(n * stride);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) matrix[i * stride + j] = product[i * n + j] / size;
  return matrix;
}

/** Bounds on some numbers, samples that have stopped before, and some that may make fewer iterations than the loop. */
function inputsOf({ batch, groups, n, seed, spoilt = [] }: Split, stride: number): Float32Array[] {
  const random = randomNumbers(seed);
  const matrices = Array.from({ length: groups }, () => matrixOf(n, stride, random));
  const state = new Float32Array(STATE_SIZE * batch);
  for (let sample = 0; sample < batch; sample++) {
    state[sample] = sample % 5 === 4 ? STATUS.stalled : STATUS.running;
    state[STATE_ROWS.remaining * batch + sample] = sample % 7 === 2 ? 5 : 100_000;
    state[STATE_ROWS.best * batch + sample] = 1e30;
  }
  const low = randomValues(batch * n, random).map((value, at) => (at % 3 === 0 ? -NO_BOUND : value - 0.5));
  const high = low.map((value, at) => (at % 4 === 0 ? NO_BOUND : at % 5 === 0 ? Math.max(value, -1) : Math.abs(value)));
  for (const sample of spoilt) (sample % 2 === 0 ? low : high)[sample * n] = Number.NaN;
  return [
    Float32Array.from([...randomValues(batch * n, random), ...state]),
    Float32Array.from(matrices.flatMap((matrix) => [...matrix])),
    randomValues(batch * n, random),
    low,
    high,
    Float32Array.from({ length: batch }, (_, sample) => TOLERANCES[sample % TOLERANCES.length]),
    new Float32Array(batch).fill(1e-6),
  ];
}

/** Runs the loop on both backends, and compares samples and states. @returns the statuses of the first one */
async function compareLoops(backends: readonly [Backend, Backend], choice: Split): Promise<number[]> {
  const { batch, groups, n, accelerated, limit, giveUp } = choice;
  const stride = Math.ceil(n / 4) * 4;
  const inputs = inputsOf(choice, stride);
  const call = { kernel: 'splitting', batch, groups, n, stride, accelerated, limit, giveUp, staleLimit: 20 };
  const trace = new Trace(`splitting ${JSON.stringify(choice)}`);
  const slots = inputs.map(({ length }) => trace.input(length));
  const program = trace.finish([trace.call(call as CallWithoutSlots, slots, inputs[0].length)]);
  const [[expected], [found]] = await Promise.all(backends.map((backend) => runOn(backend, program, inputs)));
  const stateAt = (values: Float64Array, row: number, sample: number): number =>
    values[batch * n + row * batch + sample];
  const compare = (what: string, at: number): void => {
    const [x, y] = [expected[at], found[at]];
    if (Number.isNaN(x) && Number.isNaN(y)) return;
    if (!(Math.abs(x - y) <= 1e-4 * (1 + Math.abs(x)))) {
      throw new Error(`${what} of ${program.name}: ${x} and ${y}`);
    }
  };
  return Array.from({ length: batch }, (_, sample) => {
    const counts = [expected, found].map((values) => stateAt(values, STATE_ROWS.remaining, sample));
    // A residual near its tolerance may meet it one iteration earlier or later; such a sample is not compared further.
    const apart = Math.abs(counts[0] - counts[1]);
    if (apart > 1)
      throw new Error(`sample ${sample} of ${program.name}: iterations that remain: ${counts.join(' and ')}`);
    const status = stateAt(expected, STATE_ROWS.status, sample);
    if (apart === 1) return status;
    if (status === STATUS.diverged) {
      // Which of its numbers are NaN is up to the backend.
      compare(`the status of sample ${sample}`, batch * n + STATE_ROWS.status * batch + sample);
      return status;
    }
    for (let j = 0; j < n; j++) compare(`s[${sample}, ${j}]`, sample * n + j);
    for (const row of [STATE_ROWS.status, STATE_ROWS.residual, STATE_ROWS.best]) {
      compare(`row ${row} of the state of sample ${sample}`, batch * n + row * batch + sample);
    }
    return status;
  });
}

const loops: ParityCase = {
  name: 'splitting: groups, bounds and none, samples that stop at different times or have stopped before',
  run: (...backends) =>
    fc.assert(
      fc.asyncProperty(
        fc.record({
          accelerated: fc.boolean(),
          groups: fc.constantFrom(1, 2, 3),
          length: fc.constantFrom(1, 3, 4, 5, 9),
          n: fc.constantFrom(1, 3, 4, 5, 17, 32, 66),
          limit: fc.constantFrom(1, 12, 40),
          giveUp: fc.boolean(),
          seed: fc.integer(),
        }),
        async ({ length, ...choice }) => {
          await compareLoops(backends, { ...choice, batch: choice.groups * length });
        },
      ),
      { numRuns: 12, seed: 9 },
    ),
};

const isolated: ParityCase = {
  name: 'splitting: bounds that are not numbers stop their own samples only',
  async run(...backends) {
    const choice = { accelerated: true, batch: 8, groups: 1, n: 10, limit: 60, giveUp: false, seed: 4 };
    const before = await compareLoops(backends, choice);
    const after = await compareLoops(backends, { ...choice, spoilt: [1, 6] });
    const expected = before.map((status, sample) => (sample === 1 || sample === 6 ? STATUS.diverged : status));
    if (`${after}` !== `${expected}`) throw new Error(`the statuses are ${after}; they must be ${expected}`);
  },
};

/** On a software adapter of WebGPU, a dispatch of this size makes eight iterations. */
const continued: ParityCase = {
  name: 'splitting: more iterations than one dispatch makes',
  async run(...backends) {
    await compareLoops(backends, {
      ...{ accelerated: true, batch: 3100, groups: 1, n: 128, limit: 10, giveUp: false, seed: 7 },
    });
  },
};

/** For backends that have the kernel and are not host backends. */
export const splittingCases: readonly ParityCase[] = [loops, isolated, continued];
