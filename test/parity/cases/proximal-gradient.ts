/** Whole loops of proximal gradient steps for Lasso problems in one kernel call. */
import fc from 'fast-check';
import type { Backend } from '../../../src/backends/backend.ts';
import { type ProximalGradientCall, STATE_ROWS, STATE_SIZE, STATUS } from '../../../src/backends/kernels.ts';
import { type CallWithoutSlots, Trace } from '../../../src/program/trace.ts';
import { type ParityCase, randomNumbers, randomValues, runOn } from './parity.ts';

interface Descended extends Pick<ProximalGradientCall, 'accelerated' | 'batch' | 'groups' | 'n' | 'limit' | 'giveUp'> {
  readonly seed: number;
  /** Tolerances that the samples get in turn. Default: some cannot be met within the limit. */
  readonly tolerances?: readonly number[];
}

/** G = AᵀA for columns that resemble one another, followed by columns of zeros; and a bound of its norm. */
function gramOf(features: number, stride: number, random: () => number): { gram: Float32Array; bound: number } {
  const rows = features + 3;
  const common = randomValues(rows, random);
  const columns = Array.from({ length: features }, () => common.map((value) => value + 0.5 * random()));
  const gram = new Float32Array(features * stride);
  let bound = 0;
  for (const [k, left] of columns.entries()) {
    let sum = 0;
    for (const [j, right] of columns.entries()) {
      gram[k * stride + j] = left.reduce((total, value, row) => total + value * right[row], 0) / rows;
      sum += Math.abs(gram[k * stride + j]);
    }
    bound = Math.max(bound, sum);
  }
  return { gram, bound };
}

const TOLERANCES = [1e-2, 1e-2, 1e-6, 1e-2, 1e-2, 1e-3, 1e-2];

/** Thresholds from 0 on, samples that have stopped before, and some that may make fewer iterations than the loop. */
function inputsOf(
  { batch, groups, n: features, seed, tolerances = TOLERANCES }: Descended,
  stride: number,
): Float32Array[] {
  const random = randomNumbers(seed);
  const grams = Array.from({ length: groups }, () => gramOf(features, stride, random));
  const state = new Float32Array(STATE_SIZE * batch);
  for (let sample = 0; sample < batch; sample++) {
    state[sample] = sample % 5 === 4 ? STATUS.stalled : STATUS.running;
    state[STATE_ROWS.remaining * batch + sample] = sample % 7 === 2 ? 5 : 100_000;
    state[STATE_ROWS.best * batch + sample] = 1e30;
  }
  const ridges = Float32Array.from({ length: batch }, (_, sample) => (sample % 3) * 0.05);
  const steps = ridges.map((ridge, sample) => 1 / (grams[Math.floor(sample / (batch / groups))].bound + ridge));
  const threshold = randomValues(batch * features, random).map(
    (value, at) => Math.max(value, 0) * steps[Math.floor(at / features)],
  );
  return [
    Float32Array.from([...randomValues(batch * features, random), ...state]),
    Float32Array.from(grams.flatMap(({ gram }) => [...gram])),
    randomValues(batch * features, random),
    threshold,
    Float32Array.from([...steps, ...ridges, ...steps.map((step) => 0.5 / step), ...steps.map(() => 2 ** -23)]),
    Float32Array.from({ length: batch }, (_, sample) => tolerances[sample % tolerances.length]),
    new Float32Array(batch).fill(1e-6),
  ];
}

/** The remaining momentum of samples that still ran at the limit, [batch]; 0 for the others. */
async function checkDescent(backends: readonly [Backend, Backend], choice: Descended): Promise<number[]> {
  const { batch, groups, n: features, accelerated, limit, giveUp } = choice;
  const stride = Math.ceil(features / 4) * 4;
  const inputs = inputsOf(choice, stride);
  const settings = { accelerated, limit, giveUp, staleLimit: 20 };
  const call = { kernel: 'proximalGradient', batch, groups, n: features, stride, ...settings };
  const size = inputs[0].length;
  const trace = new Trace(`proximal gradient ${JSON.stringify(choice)}`);
  const slots = inputs.map(({ length }) => trace.input(length));
  const program = trace.finish([trace.call(call as CallWithoutSlots, slots, size + batch * (features + 1))]);
  const [[expected], [found]] = await Promise.all(backends.map((backend) => runOn(backend, program, inputs)));
  const stateAt = (values: Float64Array, row: number, sample: number): number =>
    values[batch * features + row * batch + sample];
  const compare = (what: string, at: number): void => {
    const [x, y] = [expected[at], found[at]];
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
    if (apart === 1) return 0;
    for (let j = 0; j < features; j++) compare(`β[${sample}, ${j}]`, sample * features + j);
    for (const row of [STATE_ROWS.status, STATE_ROWS.residual, STATE_ROWS.best]) {
      compare(`row ${row} of the state of sample ${sample}`, batch * features + row * batch + sample);
    }
    if (stateAt(expected, STATE_ROWS.status, sample) !== STATUS.running) return 0;
    for (let j = 0; j < features; j++) compare(`w[${sample}, ${j}]`, size + sample * features + j);
    compare(`θ[${sample}]`, size + batch * features + sample);
    return expected[size + batch * features + sample];
  });
}

const steps: ParityCase = {
  name: 'proximal gradient: groups, ridges and thresholds, samples that stop at different times or have stopped before',
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
          await checkDescent(backends, { ...choice, batch: choice.groups * length });
        },
      ),
      { numRuns: 12, seed: 9 },
    ),
};

/** θ of k steps without a restart is above k/2. */
const restarts: ParityCase = {
  name: 'proximal gradient: momentum that restarts',
  async run(...backends) {
    const limit = 60;
    const shape = { batch: 7, groups: 1, n: 10 };
    const options = { accelerated: true, limit, giveUp: false, seed: 3, tolerances: [0] };
    const momentum = await checkDescent(backends, { ...shape, ...options });
    const restarted = momentum.filter((theta) => theta > 0 && theta < limit / 2);
    if (restarted.length === 0) throw new Error(`no sample restarted: θ is ${momentum.join(', ')}`);
  },
};

/** On a software adapter of WebGPU, a dispatch of this size makes eight steps. */
const continued: ParityCase = {
  name: 'proximal gradient: more steps than one dispatch makes',
  async run(...backends) {
    const choice = { accelerated: true, batch: 3100, groups: 1, n: 128, limit: 10, giveUp: false, seed: 7 };
    await checkDescent(backends, choice);
  },
};

/** For backends that have the kernel and are not host backends. */
export const proximalGradientCases: readonly ParityCase[] = [steps, restarts, continued];
