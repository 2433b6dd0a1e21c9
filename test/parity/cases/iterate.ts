/** Whole loops in one kernel call. */
import fc from 'fast-check';
import type { Backend } from '../../../src/backends/backend.ts';
import {
  ABSENT,
  type ActivationName,
  ITERATIONS,
  type IterationName,
  STATE_ROWS,
  STATE_SIZE,
  STATUS,
} from '../../../src/backends/kernels.ts';
import { type CallWithoutSlots, Trace } from '../../../src/program/trace.ts';
import { type ParityCase, randomNumbers, randomValues, runOn } from './parity.ts';

export interface Iterated {
  readonly iteration: IterationName;
  /** Default false. */
  readonly accelerated?: boolean;
  readonly batch: number;
  readonly n: number;
  readonly activation: ActivationName;
  readonly sloped: boolean;
  readonly seed: number;
  /** Size of x and b. Default 1. */
  readonly scale?: number;
}

/** Operands of `iterate`, except x and the state. */
export interface IterateOperands {
  readonly x: Float32Array;
  readonly state: Float32Array;
  readonly matrix: Float32Array;
  readonly b: Float32Array;
  readonly step: Float32Array;
  readonly tolerance: Float32Array;
  readonly floor: Float32Array;
  readonly slope: Float32Array;
}

/** The rule of all cases: some samples meet their tolerance before the limit, others give up. */
export const RULE = { epsilon: 2 ** -23, limit: 12, staleLimit: 3, giveUp: true } as const;

export function parametersOf(activation: ActivationName): readonly [number, number] {
  return activation === 'clip' ? [-0.25, 0.5] : [0.25, 0];
}

/**
 * M·x contracts. Some tolerances cannot be met within the limit; some samples have stopped before, and some may make
 * fewer iterations than the loop.
 */
export function operandsOf({ iteration, batch, n, sloped, seed, scale = 1 }: Iterated): IterateOperands {
  const random = randomNumbers(seed);
  // Residuals are relative to 1 with a slope, and to ε + ‖z‖ without.
  const unit = sloped ? scale : Math.min(1, scale / RULE.epsilon);
  const stride = Math.ceil(n / 4) * 4;
  const matrix = new Float32Array(n * stride);
  for (let at = 0; at < matrix.length; at++) matrix[at] = at % stride < n ? (0.6 * random()) / Math.sqrt(n) : 0;
  // The case does not need V = (I + α(I − W))⁻¹ itself: any contraction by about ½ is iterated in the same way.
  const isSplitting = iteration === 'peacemanRachford';
  if (isSplitting) for (let k = 0; k < n; k++) matrix[k * stride + k] += 0.5;
  const state = new Float32Array(STATE_SIZE * batch);
  for (let sample = 0; sample < batch; sample++) {
    state[sample] = sample % 5 === 4 ? STATUS.stalled : STATUS.running;
    state[STATE_ROWS.remaining * batch + sample] = sample % 7 === 6 ? 5 : 100_000;
    state[STATE_ROWS.best * batch + sample] = 1e30;
  }
  return {
    state,
    matrix,
    x: randomValues(batch * n, random, scale),
    b: randomValues(batch * n, random, scale),
    step: Float32Array.of(0.75),
    tolerance: Float32Array.from({ length: batch }, (_, sample) => unit * (sample % 7 === 6 ? 1e-4 : 1e-2)),
    floor: Float32Array.of(1e-6),
    slope: Float32Array.from({ length: batch * n }, () => Math.max(random(), 0)),
  };
}

/** x, followed by the state, after the whole loop. */
export async function iterateOn(backend: Backend, choice: Iterated, operands: IterateOperands): Promise<Float64Array> {
  const { iteration, accelerated = false, batch, n, activation, sloped } = choice;
  const { x, state, matrix, b, step, tolerance, floor, slope } = operands;
  const inputs = [Float32Array.from([...x, ...state]), matrix, b, step, tolerance, floor, slope];
  const call = {
    kernel: 'iterate',
    iteration,
    accelerated,
    batch,
    n,
    stride: matrix.length / n,
    activation,
    activationParameters: parametersOf(activation),
    shared: { tolerance: batch === 1, floor: true },
    ...RULE,
  } as CallWithoutSlots;
  const trace = new Trace(`iterate ${iteration}`);
  const slots = inputs.map(({ length }) => trace.input(length));
  const present = slots.map((slot, index) =>
    (index === 3 && iteration === 'picard') || (index === 6 && !sloped) ? ABSENT : slot,
  );
  const program = trace.finish([trace.call(call, present, inputs[0].length)]);
  const [end] = await runOn(backend, program, inputs);
  return end;
}

/**
 * Compares the ends of two loops. A residual near its tolerance may meet it one iteration earlier or later; such a
 * sample is not compared further.
 */
export function compareEnds(
  { iteration, batch, n, activation, sloped, scale = 1 }: Iterated,
  ends: readonly Float64Array[],
): void {
  for (let sample = 0; sample < batch; sample++) {
    const at = (row: number): number => batch * n + row * batch + sample;
    const counts = ends.map((values) => values[at(STATE_ROWS.remaining)]);
    const apart = Math.abs(counts[0] - counts[1]);
    if (!(apart <= 1)) throw new Error(`sample ${sample} of ${n}: iterations that remain: ${counts.join(' and ')}`);
    if (apart !== 0) continue;
    const places = Array.from({ length: n }, (_, column) => sample * n + column);
    for (const place of [
      ...places,
      ...[STATE_ROWS.status, STATE_ROWS.residual, STATE_ROWS.best, STATE_ROWS.stale].map(at),
    ]) {
      const [expected, found] = ends.map((values) => values[place]);
      const isX = place < batch * n;
      const unit = isX || sloped ? scale : Math.min(1, scale / RULE.epsilon);
      if (Math.abs(expected - found) <= 1e-4 * (unit + Math.abs(expected))) continue;
      const what = isX ? `x[${sample}, ${place % n}]` : `the state of sample ${sample}`;
      throw new Error(`${what} of ${iteration}, ${activation}, n ${n}: ${expected} and ${found}`);
    }
  }
}

async function checkIteration(backends: readonly [Backend, Backend], choice: Iterated): Promise<void> {
  const operands = operandsOf(choice);
  compareEnds(choice, await Promise.all(backends.map((backend) => iterateOn(backend, choice, operands))));
}

const iterate: ParityCase = {
  name: 'iterate: whole loops, samples that stop at different times or have stopped before',
  run: (...backends) =>
    fc.assert(
      fc.asyncProperty(
        fc.record({
          iteration: fc.constantFrom(...ITERATIONS),
          batch: fc.constantFrom(1, 7, 8, 9, 20),
          n: fc.constantFrom(1, 3, 4, 5, 17, 32, 66),
          activation: fc.constantFrom<ActivationName>('relu', 'tanh', 'leakyRelu', 'clip', 'softThreshold', 'identity'),
          sloped: fc.boolean(),
          seed: fc.integer(),
        }),
        (choice) => checkIteration(backends, choice),
      ),
      { numRuns: 10, seed: 6 },
    ),
};

/**
 * The least-squares problems are solved only to the accuracy that the precision allows, so the ends are compared less
 * strictly.
 */
const accelerated: ParityCase = {
  name: 'iterate: Anderson acceleration of whole loops',
  run: (...backends) =>
    fc.assert(
      fc.asyncProperty(
        fc.record({
          iteration: fc.constantFrom(...ITERATIONS),
          batch: fc.constantFrom(1, 3, 9),
          n: fc.constantFrom(1, 3, 4, 5, 17, 32, 66),
          activation: fc.constantFrom<ActivationName>('relu', 'tanh', 'softThreshold', 'identity'),
          sloped: fc.boolean(),
          seed: fc.integer(),
        }),
        (choice) => checkIteration(backends, { ...choice, accelerated: true }),
      ),
      { numRuns: 10, seed: 4 },
    ),
};

/** On a software adapter of WebGPU, a dispatch of this size makes eight iterations. */
const continued: ParityCase = {
  name: 'iterate: more iterations than one dispatch makes',
  run: (...backends) =>
    checkIteration(backends, { iteration: 'picard', batch: 3100, n: 128, activation: 'tanh', sloped: false, seed: 7 }),
};

/**
 * Updates α(p − x) that fall below the rounding of x long before the residual is small: ‖x − p‖ of x = Mx + b, M = ½I,
 * from x = 0. After the 12000 iterations the residual is (1 − α/2)^12000 = 6·10⁻⁶ of its first value; without
 * compensation the sums would stand still at about ε/α = 6·10⁻⁵.
 */
const compensated: ParityCase = {
  name: 'iterate: small steps of forward-backward add up',
  async run(...backends) {
    const n = 4;
    const inputs = [
      Float32Array.from([...Array<number>(n).fill(0), STATUS.running, 0, 0, 1e30, 0]),
      Float32Array.from({ length: n * n }, (_, at) => (at % (n + 1) === 0 ? 0.5 : 0)),
      Float32Array.of(0.7, -0.3, 1.1, 0.9),
      Float32Array.of(2e-3),
      Float32Array.of(0),
      Float32Array.of(0),
    ];
    const call = {
      kernel: 'iterate',
      iteration: 'forwardBackward',
      accelerated: false,
      batch: 1,
      n,
      stride: n,
      activation: 'identity',
      activationParameters: [0, 0],
      epsilon: 2 ** -23,
      shared: { tolerance: true, floor: true },
      limit: 12_000,
      staleLimit: 1e6,
      giveUp: false,
    } as CallWithoutSlots;
    const trace = new Trace('iterate with small steps');
    const slots = inputs.map(({ length }) => trace.input(length));
    const program = trace.finish([trace.call(call, [...slots, ABSENT], inputs[0].length)]);
    const [[expected], [found]] = await Promise.all(backends.map((backend) => runOn(backend, program, inputs)));
    const row = n + STATE_ROWS.residual;
    if (!(found[row] <= 2 * expected[row])) throw new Error(`residuals: ${expected[row]} and ${found[row]}`);
  },
};

/**
 * Squares of numbers beyond 1e19 overflow in float32, and squares of those below 1e-19 underflow: the start would then
 * look like a solution.
 */
export const SCALES = [1e-30, 1e-22, 1e22, 1e30] as const;

const scaled: ParityCase = {
  name: 'iterate: numbers whose squares overflow or underflow',
  async run(...backends) {
    const common = { batch: 9, n: 17, seed: 5 } as const;
    for (const scale of SCALES) {
      for (const iteration of ITERATIONS) {
        await checkIteration(backends, { ...common, iteration, activation: 'relu', sloped: false, scale });
      }
      await checkIteration(backends, {
        ...common,
        iteration: 'peacemanRachford',
        activation: 'identity',
        sloped: true,
        scale,
      });
    }
    // A bounded activation stays small beside a large b.
    await checkIteration(backends, { ...common, iteration: 'picard', activation: 'clip', sloped: false, scale: 1e30 });
  },
};

const scaledAcceleration: ParityCase = {
  name: 'iterate: Anderson acceleration of numbers whose squares overflow or underflow',
  async run(...backends) {
    for (const scale of SCALES) {
      for (const sloped of [false, true]) {
        const choice = { batch: 3, n: 17, activation: 'relu', sloped, seed: 5, scale, accelerated: true } as const;
        await checkIteration(backends, { ...choice, iteration: 'picard' });
      }
    }
  },
};

export const iterateCases: readonly ParityCase[] = [iterate, continued, compensated, scaled];
/** For backends that are not host backends. */
export const acceleratedCases: readonly ParityCase[] = [accelerated, scaledAcceleration];
