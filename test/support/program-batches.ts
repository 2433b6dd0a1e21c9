/** Batches of planted quadratic programs, as tensors take them: a bound of ±1e20 stands for none. */
import type { Shape } from '../../src/tensor/shape.ts';
import { type PlantedOptions, type PlantedProgram, plantProgram } from './planted-programs.ts';

export interface BatchOptions extends PlantedOptions {
  readonly batch: number;
  /** Whether all samples have the same P and A. */
  readonly isShared?: boolean;
  /** Changes each program after it was planted. */
  readonly change?: (program: PlantedProgram, sample: number) => PlantedProgram;
}

export interface ProgramBatch {
  readonly n: number;
  readonly m: number;
  /** Rounded to float32, so that every backend solves the same programs. */
  readonly programs: readonly PlantedProgram[];
  /** Numbers and shapes of P, q, A, l and u. */
  readonly values: readonly (readonly [number[], Shape])[];
}

const NO_BOUND = 1e20;

export function plantBatch({
  batch,
  isShared = false,
  change = (one) => one,
  seed,
  ...options
}: BatchOptions): ProgramBatch {
  const first = plantProgram({ ...options, seed });
  const programs = Array.from({ length: batch }, (_, sample) => {
    const like = isShared ? { like: first } : {};
    return rounded(change(plantProgram({ ...options, ...like, seed: seed + 1000 * sample }), sample));
  });
  const { n, m } = first;
  const lead = isShared ? [] : [batch];
  const joined = (read: (one: PlantedProgram) => Float64Array, each: Shape, shared = false): [number[], Shape] => {
    const taken = shared ? programs.slice(0, 1) : programs;
    return [taken.flatMap((one) => [...read(one)]), [...(shared ? lead : [batch]), ...each]];
  };
  const bound = (values: Float64Array): Float64Array =>
    values.map((value) => Math.max(-NO_BOUND, Math.min(NO_BOUND, value)));
  return {
    ...{ n, m, programs },
    values: [
      joined(({ P }) => P, [n, n], isShared),
      joined(({ q }) => q, [n]),
      joined(({ A }) => A, [m, n], isShared),
      joined(({ l }) => bound(l), [m]),
      joined(({ u }) => bound(u), [m]),
    ],
  };
}

function rounded(one: PlantedProgram): PlantedProgram {
  const round = (values: Float64Array): Float64Array => values.map(Math.fround);
  return { ...one, P: round(one.P), q: round(one.q), A: round(one.A), l: round(one.l), u: round(one.u) };
}
