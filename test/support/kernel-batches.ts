/** Batches of planted programs, solved by the kernel of WebAssembly. */
import { PROGRAM_NUMBERS } from '../../src/backends/program-kernels.ts';
import {
  type InteriorPointOptions,
  type InteriorPointResult,
  interiorPoint,
  type ProgramOperands,
} from '../../src/solvers/programs/kernels.ts';
import { createWide, readWide } from '../../src/solvers/programs/wide.ts';
import type { Engine } from '../../src/tensor/engine.ts';
import { type PlantedOptions, type PlantedProgram, plantProgram, residualsOf } from './planted-programs.ts';

export type Name = 'P' | 'q' | 'A' | 'l' | 'u';
export const NAMES = ['P', 'q', 'A', 'l', 'u'] as const;

function shapeOf(name: Name, { n, m }: PlantedProgram): number[] {
  return { P: [n, n], q: [n], A: [m, n], l: [m], u: [m] }[name];
}

export interface Form {
  readonly on: Engine;
  /** Whether P and A of the first program are those of all. */
  readonly isShared?: boolean;
  /** Whether operands are float32. */
  readonly isNarrow?: boolean;
}

const finite = (value: number): number => Math.max(-1e20, Math.min(value, 1e20));

export function operandsOn(programs: readonly PlantedProgram[], { on, isShared, isNarrow }: Form): ProgramOperands {
  const operands = NAMES.map((name) => {
    const own = isShared && (name === 'P' || name === 'A') ? [programs[0]] : programs;
    const values = Float64Array.from(own.flatMap((program) => [...program[name]]));
    const shape = [...(own === programs ? [programs.length] : []), ...shapeOf(name, programs[0])];
    return [name, isNarrow ? on.tensor(Float32Array.from(values, finite), shape) : createWide(on, values, shape)];
  });
  return Object.fromEntries(operands) as ProgramOperands;
}

export interface Solved {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly z: Float64Array;
  readonly isSolved: boolean;
  readonly iterations: number;
  readonly isPolished: boolean;
  readonly objective: number;
}

const SETTINGS = { absolute: 1e-9, relative: 1e-9, limit: 50 };

export function optionsFor(programs: readonly PlantedProgram[]): InteriorPointOptions {
  return { batch: programs.length, n: programs[0].n, m: programs[0].m, ...SETTINGS };
}

export async function read({ wide, numbers }: InteriorPointResult, batch: number): Promise<Solved[]> {
  const facts = (await numbers.data()) as Float32Array;
  const [x, y, z] = [await readWide(wide.x), await readWide(wide.y), await readWide(wide.z)];
  const part = (all: Float64Array, index: number): Float64Array =>
    all.slice((index * all.length) / batch, ((index + 1) * all.length) / batch);
  return Array.from({ length: batch }, (_, index) => {
    const [status, iterations, , , , objective, , polished] = facts.slice(PROGRAM_NUMBERS.length * index);
    const point = { x: part(x, index), y: part(y, index), z: part(z, index) };
    return { ...point, isSolved: status === 0, iterations, isPolished: polished === 1, objective };
  });
}

export async function solveOn(
  programs: readonly PlantedProgram[],
  form: Form,
  options: Partial<InteriorPointOptions> = {},
) {
  const result = interiorPoint(operandsOn(programs, form), { ...optionsFor(programs), ...options });
  return read(result, programs.length);
}

export const plantMany = (options: Omit<PlantedOptions, 'seed'>, count: number, seed = 1): PlantedProgram[] =>
  Array.from({ length: count }, (_, index) => plantProgram({ ...options, seed: seed + index }));

export const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((largest, value, index) => Math.max(largest, Math.abs(value - b[index])), 0);

export const worstOf = (program: PlantedProgram, { x, y }: Pick<Solved, 'x' | 'y'>): number =>
  Math.max(...Object.values(residualsOf(program, x, y)));
