/**
 * Solves a batch of dense programs by the kernel `interiorPoint` of WebAssembly, in float64 and on all threads. Programs
 * that it does not solve, and P that it does not show to be convex, are left to the host.
 */
import { PROGRAM_NUMBERS } from '../../backends/program-kernels.ts';
import { fitsKernel, interiorPoint } from '../../solvers/programs/kernels.ts';
import type { ProgramResult } from '../../solvers/programs/problem.ts';
import { decodeWide } from '../../solvers/programs/wide.ts';
import type { Engine } from '../../tensor/engine.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { LimitedRun } from '../run-limits.ts';
import { type BatchData, DATA_NAMES, type DatumName } from './data.ts';
import { type Operands, rowsOfStart, tensorsOf } from './operands.ts';
import type { CheckedPrograms, ProgramStart } from './options.ts';

/** Whether the kernel takes these programs: on wasm, where they are small and dense. */
export function isForKernel({ engine, data }: CheckedPrograms): boolean {
  const { m, P, A } = data;
  return engine.backend === 'wasm' && m > 0 && fitsKernel(data) && !P.places && !A.places;
}

/** What the kernel found for one program. */
export interface KernelResult {
  readonly result: ProgramResult;
  /** Whether x and y solve the equality-constrained program of the active rows, so that y is 0 on all others. */
  readonly isPolished: boolean;
  /** Whether P was shown to be positive semidefinite. */
  readonly isConvex: boolean;
}

/** Enqueues the kernel. @returns its results, which arrive later: undefined where a program was not solved */
export function solveByKernel(
  { engine, data, settings, initial }: CheckedPrograms,
  operands: Operands<DatumName>,
  run: LimitedRun,
): Promise<readonly (KernelResult | undefined)[]> {
  const { n, m, batch } = data;
  const start = startTensors(engine, data, initial);
  const { absolute, relative, limit } = settings;
  const given = tensorsOf(operands);
  const wide = DATA_NAMES.map((name) => 'words' in operands[name]);
  const starts = (['x', 'y'] as const).flatMap((name) => start[name] ?? []);
  const key = `interior-point ${JSON.stringify([wide, absolute, relative, limit, batch, Object.keys(start)])}`;
  const outputs = engine.run(
    key,
    [...given, ...starts],
    (tensors) => {
      const traced = tensors
        .slice(0, DATA_NAMES.length)
        .map((tensor, index) => (wide[index] ? { words: tensor } : tensor));
      const [P, q, A, l, u] = traced;
      const [x, y] = tensors.slice(DATA_NAMES.length);
      const initial = start.x ? { x, ...(start.y && { y }) } : undefined;
      const found = interiorPoint({ P, q, A, l, u }, { batch, n, m, absolute, relative, limit, initial });
      return [found.wide.x.words, found.wide.y.words, found.wide.z.words, found.numbers];
    },
    run,
  );
  const reading = Promise.all(outputs.map((tensor) => engine.downloadNow(tensor)));
  for (const tensor of [...outputs, ...starts]) tensor.dispose();
  return reading.then(([x, y, z, numbers]) => readResults(data, [x, y, z].map(asFloat64), numbers));
}

/** Where to start, [batch, …]; y without x is left out, as the kernel cannot use it. */
function startTensors(
  engine: Engine,
  { n, m, batch }: BatchData,
  { x, y }: ProgramStart,
): Partial<Record<'x' | 'y', Tensor>> {
  if (!x) return {};
  return { x: rowsOfStart(engine, x, batch, n), ...(y && { y: rowsOfStart(engine, y, batch, m) }) };
}

const asFloat64 = (numbers: ArrayLike<number>): Float64Array => decodeWide(numbers as Float32Array);

const FINITE = ['objective', 'primal', 'dual', 'gap', 'merit'] as const;

function readResults(
  { n, m, batch }: BatchData,
  [x, y, z]: readonly Float64Array[],
  numbers: ArrayLike<number>,
): (KernelResult | undefined)[] {
  return Array.from({ length: batch }, (_, sample) => {
    const numberOf = (name: (typeof PROGRAM_NUMBERS)[number]): number =>
      numbers[sample * PROGRAM_NUMBERS.length + PROGRAM_NUMBERS.indexOf(name)];
    if (numberOf('status') !== 0) return undefined;
    // Beside numbers that overflow, no tolerance says anything.
    if (!FINITE.every((name) => Number.isFinite(numberOf(name)))) return undefined;
    const result: ProgramResult = {
      status: 'converged',
      iterations: numberOf('iterations'),
      x: x.subarray(sample * n, (sample + 1) * n),
      y: y.subarray(sample * m, (sample + 1) * m),
      z: z.subarray(sample * m, (sample + 1) * m),
      objective: numberOf('objective'),
      residuals: { primal: numberOf('primal'), dual: numberOf('dual'), gap: numberOf('gap') },
      merit: numberOf('merit'),
    };
    return { result, isPolished: numberOf('polished') === 1, isConvex: numberOf('convex') === 1 };
  });
}
