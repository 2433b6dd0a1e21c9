/** Planted cone programs as the public function takes them, and the directions in which they are moved. */
import type { Random } from '../../src/data/random.ts';
import {
  type ConeDirection,
  type ConeProgramOptions,
  type ConeSolution,
  coneProgram,
  type Engine,
  type Tensor,
} from '../../src/index.ts';
import type { ConeTrialBatch } from './cone-batches.ts';
import type { PlantedConeProgram } from './planted-cone-programs.ts';

export const DATA = ['P', 'A', 'b', 'c'] as const;
export type DataName = (typeof DATA)[number];
/** The numbers of each datum of one program. */
export type Numbers = Readonly<Record<DataName, Float64Array>>;
export type Cotangent = Readonly<Record<'x' | 'y' | 's', Float64Array>>;

/** The same numbers in float32. */
export const rounded = ({ programs, ...batch }: ConeTrialBatch): ConeTrialBatch => ({
  ...batch,
  programs: programs.map((program) => {
    const [P, A, b, c] = DATA.map((name) => program[name].map(Math.fround));
    return { ...program, P, A, b, c };
  }),
});

const normals = (draws: Random, length: number): Float64Array => Float64Array.from({ length }, () => draws.normal());

/** Of every program, that of P symmetric. Where matrices are shared, so are their directions. */
export function directionsFor(
  { programs, isShared }: Pick<ConeTrialBatch, 'programs' | 'isShared'>,
  draws: Random,
): Numbers[] {
  const directions: Numbers[] = [];
  for (const { n, m, P } of programs) {
    const half = normals(draws, n * n);
    const symmetric = half.map((value, index) => (value + half[(index % n) * n + Math.floor(index / n)]) / 2);
    const own = {
      // P stays positive semidefinite along it, both ways.
      P: sandwich(P, symmetric, n),
      A: normals(draws, m * n),
      b: normals(draws, m),
      c: normals(draws, n),
    };
    directions.push(isShared && directions.length > 0 ? { ...own, P: directions[0].P, A: directions[0].A } : own);
  }
  return directions;
}

/** PWP */
function sandwich(P: Float64Array, W: Float64Array, n: number): Float64Array {
  const times = (a: Float64Array, b: Float64Array): Float64Array =>
    a.map((_, index) => {
      let sum = 0;
      for (let k = 0; k < n; k++) sum += a[Math.floor(index / n) * n + k] * b[k * n + (index % n)];
      return sum;
    });
  const product = times(times(P, W), P);
  // Exactly symmetric.
  return product.map((value, index) => (value + product[(index % n) * n + Math.floor(index / n)]) / 2);
}

export const cotangentsFor = ({ programs }: Pick<ConeTrialBatch, 'programs'>, draws: Random): Cotangent[] =>
  programs.map(({ n, m }) => ({ x: normals(draws, n), y: normals(draws, m), s: normals(draws, m) }));

const rowsOf = (matrix: Float64Array, columns: number): Float64Array[] =>
  Array.from({ length: matrix.length / columns }, (_, i) => matrix.subarray(i * columns, (i + 1) * columns));

/** Data in float64, one for each program, moved by a step along directions. P is left out where it is 0 throughout. */
export function arraysOf(
  { programs, isShared }: Pick<ConeTrialBatch, 'programs' | 'isShared'>,
  directions?: readonly Numbers[],
  step = 0,
): Pick<ConeDirection, 'P'> & Required<Pick<ConeDirection, 'A' | 'b' | 'c'>> {
  const { n } = programs[0];
  const moved = (name: DataName): Float64Array[] =>
    programs.map((program, index) =>
      program[name].map((value, at) => value + (directions ? step * directions[index][name][at] : 0)),
    );
  const matrices = (name: 'P' | 'A') => {
    const each = moved(name).map((matrix) => rowsOf(matrix, n));
    return isShared ? each[0] : each;
  };
  const isFlat = programs.every(({ P }) => P.every((value) => value === 0));
  return { ...(!isFlat && { P: matrices('P') }), A: matrices('A'), b: moved('b'), c: moved('c') };
}

/** Data as tensors, in the order of DATA without what is absent. */
export function tensorsOf(
  engine: Engine,
  { programs, isShared }: ConeTrialBatch,
): { readonly names: readonly DataName[]; readonly tensors: readonly Tensor[] } {
  const { n, m } = programs[0];
  const batch = programs.length;
  const isFlat = programs.every(({ P }) => P.every((value) => value === 0));
  const names = DATA.filter((name) => name !== 'P' || !isFlat);
  const shapes = { P: [n, n], A: [m, n], b: [m], c: [n] };
  const tensors = names.map((name) => {
    const isOne = isShared && (name === 'P' || name === 'A');
    const numbers = isOne ? programs[0][name] : join(programs.map((program) => program[name]));
    return engine.tensor(numbers, isOne ? shapes[name] : [batch, ...shapes[name]]);
  });
  return { names, tensors };
}

/** Solves programs that are given as tensors, of which P may be absent. */
export function solveTensors(
  { P, A, b, c }: Readonly<Record<string, Tensor>>,
  cones: ConeProgramOptions['cones'],
  options: Partial<ConeProgramOptions>,
): ConeSolution {
  return coneProgram({ ...(P && { P }), A, b, c, cones, ...options });
}

export function join(parts: readonly Float64Array[]): Float64Array {
  return Float64Array.from(parts.flatMap((part) => Array.from(part)));
}

/** One part of each program after another. */
export function joinParts(each: readonly Cotangent[]): Record<'x' | 'y' | 's', Float64Array> {
  const part = (name: 'x' | 'y' | 's'): Float64Array => join(each.map((one) => one[name]));
  return { x: part('x'), y: part('y'), s: part('s') };
}

/** Part of each program: x [batch, n] of values, and so on. */
export function pointsOf(
  values: Readonly<Record<'x' | 'y' | 's', ArrayLike<number>>>,
  programs: readonly Pick<PlantedConeProgram, 'n' | 'm'>[],
): Record<'x' | 'y' | 's', Float64Array>[] {
  return programs.map(({ n, m }, index) => {
    const part = (name: 'x' | 'y' | 's', length: number): Float64Array =>
      Float64Array.from({ length }, (_, i) => values[name][index * length + i]);
    return { x: part('x', n), y: part('y', m), s: part('s', m) };
  });
}
