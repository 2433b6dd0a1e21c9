/** Batches of planted cone programs, solved by the kernel of WebAssembly. */
import { CONE_PROGRAM_NUMBERS } from '../../src/backends/cone-program-kernels.ts';
import {
  type ConeInteriorPointOptions,
  type ConeOperands,
  coneInteriorPoint,
} from '../../src/solvers/cones/kernels.ts';
import { createWide, readWide, type WideTensor } from '../../src/solvers/programs/wide.ts';
import type { Engine } from '../../src/tensor/engine.ts';
import type { PlantedConeProgram } from './planted-cone-programs.ts';

/** The data of a program, of which x, y and s may be those of a solution. */
export type KernelProgram = Pick<PlantedConeProgram, 'n' | 'm' | 'blocks' | 'P' | 'A' | 'b' | 'c'>;

export interface ConeForm {
  readonly on: Engine;
  /** Whether P and A of the first program are those of all. */
  readonly isShared?: boolean;
  /** Whether operands are float32. */
  readonly isNarrow?: boolean;
}

const NAMES = ['P', 'A', 'b', 'c'] as const;

export function coneOperandsOn(programs: readonly KernelProgram[], { on, isShared, isNarrow }: ConeForm): ConeOperands {
  const [{ n, m }] = programs;
  const shapes = { P: [n, n], A: [m, n], b: [m], c: [n] };
  const operands = NAMES.map((name) => {
    const own = isShared && (name === 'P' || name === 'A') ? [programs[0]] : programs;
    const values = Float64Array.from(own.flatMap((program) => [...program[name]]));
    const shape = [...(own === programs ? [programs.length] : []), ...shapes[name]];
    return [name, isNarrow ? on.tensor(Float32Array.from(values), shape) : createWide(on, values, shape)];
  });
  return Object.fromEntries(operands) as ConeOperands;
}

export interface SolvedByKernel {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly s: Float64Array;
  readonly isSolved: boolean;
  readonly iterations: number;
  readonly objective: number;
  readonly merit: number;
  readonly isConvex: boolean;
}

export function coneOptionsFor(programs: readonly KernelProgram[]): ConeInteriorPointOptions {
  const [{ n, m, blocks }] = programs;
  return { batch: programs.length, n, m, blocks, absolute: 1e-9, relative: 1e-9, limit: 100 };
}

export async function readSolved(result: WideTensor, programs: readonly KernelProgram[]): Promise<SolvedByKernel[]> {
  const [{ n, m }] = programs;
  const numbers = await readWide(result);
  const length = n + 2 * m + CONE_PROGRAM_NUMBERS.length;
  return programs.map((_, index) => {
    const own = numbers.slice(index * length, (index + 1) * length);
    const [status, iterations, , , , objective, merit, convex] = own.slice(n + 2 * m);
    const point = { x: own.slice(0, n), y: own.slice(n, n + m), s: own.slice(n + m, n + 2 * m) };
    return { ...point, isSolved: status === 0, iterations, objective, merit, isConvex: convex === 1 };
  });
}

export async function solveByKernelOn(
  programs: readonly KernelProgram[],
  form: ConeForm,
  options: Partial<ConeInteriorPointOptions> = {},
): Promise<SolvedByKernel[]> {
  const result = coneInteriorPoint(coneOperandsOn(programs, form), { ...coneOptionsFor(programs), ...options });
  const solved = await readSolved(result, programs);
  result.words.dispose();
  return solved;
}
