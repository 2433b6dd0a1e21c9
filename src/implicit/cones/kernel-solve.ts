/**
 * Solves a batch of dense programs by the kernel `coneInteriorPoint` of WebAssembly, in float64 and on all threads.
 * Programs that it does not solve, and P that it does not show to be convex, are left to the host.
 */
import { CONE_PROGRAM_NUMBERS } from '../../backends/cone-program-kernels.ts';
import { coneInteriorPoint, fitsKernel, keyOfBlocks } from '../../solvers/cones/kernels.ts';
import type { ConeResult } from '../../solvers/cones/problem.ts';
import { decodeWide } from '../../solvers/programs/wide.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Operands, rowsOfStart, tensorsOf } from '../programs/operands.ts';
import type { LimitedRun } from '../run-limits.ts';
import { type ConeBatch, type ConeDatumName, DATA_NAMES } from './data.ts';
import type { CheckedCones } from './options.ts';

/** Whether the kernel takes these programs: on wasm, where they are small and dense, and all cones are symmetric. */
export function isForKernel({ engine, data }: CheckedCones): boolean {
  const { m, P, A } = data;
  return engine.backend === 'wasm' && m > 0 && fitsKernel(data) && !P.places && !A.places;
}

/** What was enqueued. */
export interface KernelSolve {
  /** The results as they are on the device, for derivatives. Whoever has it frees it. */
  readonly point: Tensor;
  /** The results of each program, which arrive later: undefined where it was not solved, or P not shown to be convex. */
  readonly results: Promise<readonly (ConeResult | undefined)[]>;
}

/** Enqueues the kernel. */
export function solveByKernel(
  { engine, data, settings, initial }: CheckedCones,
  operands: Operands<ConeDatumName>,
  run: LimitedRun,
): KernelSolve {
  const { n, m, batch, blocks } = data;
  const { absolute, relative, limit } = settings;
  const given = tensorsOf(operands);
  const wide = DATA_NAMES.map((name) => 'words' in operands[name]);
  const names = (['x', 'y', 's'] as const).filter((name) => initial[name] !== undefined);
  const starts = names.map((name) =>
    rowsOfStart(engine, initial[name] as Tensor | ArrayLike<number>, batch, name === 'x' ? n : m),
  );
  const key = JSON.stringify([wide, absolute, relative, limit, batch, names, keyOfBlocks(blocks)]);
  const [point] = engine.run(
    `cone interior-point ${key}`,
    [...given, ...starts],
    (tensors) => {
      const [P, A, b, c] = tensors
        .slice(0, DATA_NAMES.length)
        .map((tensor, index) => (wide[index] ? { words: tensor } : tensor));
      const start = names.map((name, index) => [name, tensors[DATA_NAMES.length + index]] as const);
      const options = { batch, n, m, blocks, absolute, relative, limit, initial: Object.fromEntries(start) };
      return [coneInteriorPoint({ P, A, b, c }, options).words];
    },
    run,
  );
  for (const tensor of starts) tensor.dispose();
  const results = engine.downloadNow(point).then((words) => readResults(data, decodeWide(words as Float32Array)));
  return { point, results };
}

const FINITE = ['objective', 'primal', 'dual', 'gap', 'merit'] as const;

function readResults({ n, m, batch }: ConeBatch, numbers: Float64Array): (ConeResult | undefined)[] {
  const length = n + 2 * m + CONE_PROGRAM_NUMBERS.length;
  return Array.from({ length: batch }, (_, sample) => {
    const start = sample * length;
    const numberOf = (name: (typeof CONE_PROGRAM_NUMBERS)[number]): number =>
      numbers[start + n + 2 * m + CONE_PROGRAM_NUMBERS.indexOf(name)];
    if (numberOf('status') !== 0 || numberOf('convex') !== 1) return undefined;
    // Beside numbers that overflow, no tolerance says anything.
    if (!FINITE.every((name) => Math.abs(numberOf(name)) < LARGEST)) return undefined;
    const part = (from: number, count: number): Float64Array => numbers.slice(start + from, start + from + count);
    return {
      status: 'converged',
      iterations: numberOf('iterations'),
      x: part(0, n),
      y: part(n, m),
      s: part(n + m, m),
      objective: numberOf('objective'),
      residuals: { primal: numberOf('primal'), dual: numberOf('dual'), gap: numberOf('gap') },
      merit: numberOf('merit'),
    };
  });
}

/** What the float64 form has for infinite numbers. */
const LARGEST = 2 ** 507;
