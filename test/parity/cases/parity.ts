/** The parts of a parity case. They need neither a test runner nor Node, since the same cases run inside a browser. */
import type { Backend, Program } from '../../../src/backends/backend.ts';
import { type CallWithoutSlots, Trace } from '../../../src/program/trace.ts';

export interface ParityCase {
  readonly name: string;
  /** Throws on a mismatch. */
  run(reference: Backend, candidate: Backend): Promise<void>;
}

export type Values = Float32Array;

/** The deviation allowed at a reference value: absolute + relative·|value|, in units of the candidate's ε. */
export interface Tolerance {
  readonly absolute: number;
  readonly relative: number;
}

/** The largest float32. Numbers beyond it in float64 may saturate or become infinite in float32. */
const LARGEST = 3.4028234663852886e38;
/** Below this, float32 is subnormal, and GPUs may return 0. */
const SMALLEST = 1.1754943508222875e-38;

/** Numbers in [−1, 1), the same in every run. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1;
  };
}

export function randomValues(size: number, random: () => number, scale = 1): Values {
  return Float32Array.from({ length: size }, () => random() * scale);
}

/** Runs a Program on copies of the inputs and frees everything. */
export async function runOn(backend: Backend, program: Program, inputs: readonly Values[]): Promise<Float64Array[]> {
  const storages = inputs.map((values) => backend.upload(values));
  const outputs = backend.run(program, storages);
  const downloads = outputs.map((storage) => backend.download(storage));
  for (const storage of [...storages, ...outputs]) backend.release(storage);
  const results = await Promise.all(downloads);
  return results.map((values) => Float64Array.from(values));
}

/** Throws unless the candidate agrees with the reference; the message contains the place and the inputs. */
export async function expectAgreement(
  reference: Backend,
  candidate: Backend,
  program: Program,
  inputs: readonly Values[],
  { absolute, relative }: Tolerance,
): Promise<void> {
  const [expected, found] = await Promise.all([runOn(reference, program, inputs), runOn(candidate, program, inputs)]);
  for (const [output, values] of expected.entries()) {
    for (const [index, value] of values.entries()) {
      const actual = found[output][index];
      const bound = SMALLEST + candidate.epsilon * (absolute + relative * Math.abs(value));
      if (Math.abs(saturated(value) - saturated(actual)) <= bound) continue;
      if (Object.is(saturated(value), saturated(actual))) continue; // both NaN
      throw new Error(
        `${program.name}: output ${output}[${index}] is ${actual}, the reference says ${value} ` +
          `(difference ${Math.abs(value - actual)}, allowed ${bound}); inputs ${inputs.map(format).join('; ')}`,
      );
    }
  }
}

function saturated(value: number): number {
  return Math.min(Math.max(value, -LARGEST), LARGEST);
}

function format(values: Values): string {
  const head = [...values.slice(0, 8)].join(', ');
  return values.length > 8 ? `[${head}, … ${values.length} numbers]` : `[${head}]`;
}

/** A Program of one call. Absent operands have size 0. */
export function createSingleCall(
  name: string,
  call: CallWithoutSlots,
  sizes: readonly number[],
  outputSize: number,
): Program {
  const trace = new Trace(name);
  const slots = sizes.map((size) => (size > 0 ? trace.input(size) : -1));
  return trace.finish([trace.call(call, slots, outputSize)]);
}
