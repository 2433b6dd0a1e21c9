/** The cones of a problem of CVXPY, and the order of their rows for each solver. */
import { createArgumentError, isListLike, isObject } from '../../arguments/check.ts';
import { type Cone, LARGEST_ORDER, rowsOfCone } from '../../solvers/cones/cone.ts';
import { refuseOthers } from '../programs/given-derivatives.ts';

/** How CVXPY arranges the rows for a solver. */
export interface SolverConvention {
  /** The triangle of a symmetric matrix that is stacked column by column; undefined where the solver has no such cones. */
  readonly triangle: 'lower' | 'upper' | undefined;
  /** Where x, y and z of the exponential cone y·e^{x/y} ≤ z stand among its rows. */
  readonly exponential: readonly [x: number, y: number, z: number];
  readonly hasPowers: boolean;
  /** Whether the equalities alone are in A and b, and the other rows in G and h. */
  readonly hasTwoParts: boolean;
}

/** The attributes of ConeDims. Those of newer versions only may be absent. */
const COUNTS = ['zero', 'nonneg', 'exp'];
const LISTS = ['soc', 'psd'];
const NEWER = ['p3d', 'pnd'];

/**
 * The cones in the order in which CVXPY has their rows: zero, nonnegative, second-order, semidefinite, exponential and
 * power cones.
 * @throws RangeError that names the attribute, what it was and what it must be
 */
export function readCanonicalCones(given: unknown, solver: string, convention: SolverConvention): readonly Cone[] {
  if (!isObject(given)) {
    throw createArgumentError('dims: it', given, 'an object with zero, nonneg, soc, psd, exp and p3d');
  }
  const dims = given as Readonly<Record<string, unknown>>;
  refuseOthers('dims', dims, [...COUNTS, ...LISTS, ...NEWER]);
  const [zero, nonneg, exp] = COUNTS.map((name) => readCount(`dims.${name}`, dims[name]));
  const soc = readList('dims.soc', dims.soc, 'an integer from 1', (each) => isInteger(each, 1));
  const order = `an order from 1 to ${LARGEST_ORDER}`;
  const psd = readList('dims.psd', dims.psd, order, (each) => isInteger(each, 1) && each <= LARGEST_ORDER);
  const isShare = (each: number): boolean => each > 0 && each < 1;
  const powers = readList('dims.p3d', dims.p3d ?? [], 'a number above 0 and below 1', isShare);
  if (psd.length > 0 && !convention.triangle) throw new RangeError(`dims.psd: ${solver} has no semidefinite cones`);
  if (powers.length > 0 && !convention.hasPowers) throw new RangeError(`dims.p3d: ${solver} has no power cones`);
  const wide = dims.pnd ?? [];
  if (!isListLike(wide)) throw createArgumentError('dims.pnd: it', wide, 'a list');
  if (wide.length > 0) {
    throw new RangeError(
      `dims.pnd: there are ${wide.length} power cones of more than three dimensions; there must be none. Take SCS, for which CVXPY splits them`,
    );
  }
  return [
    ...(zero > 0 ? [{ type: 'zero', dim: zero } as const] : []),
    ...(nonneg > 0 ? [{ type: 'nonneg', dim: nonneg } as const] : []),
    ...soc.map((dim) => ({ type: 'soc', dim }) as const),
    ...psd.map((dim) => ({ type: 'psd', dim }) as const),
    ...Array.from({ length: exp }, () => ({ type: 'exp', dim: 3 }) as const),
    ...powers.map((alpha) => ({ type: 'pow', dim: 3, alpha }) as const),
  ];
}

/** The number of rows of the cones. */
export function rowsOfCanonicalCones(cones: readonly Cone[]): number {
  return cones.reduce((sum, { type, dim }) => sum + rowsOfCone(type, dim), 0);
}

/** For each row in the order of `coneProgram`, the row that it is in the order of the solver. */
export function sourceRows(cones: readonly Cone[], { triangle, exponential }: SolverConvention): readonly number[] {
  const rows: number[] = [];
  for (const { type, dim } of cones) {
    const start = rows.length;
    const count = rowsOfCone(type, dim);
    if (type === 'exp') rows.push(...exponential.map((place) => start + place));
    else if (type === 'psd' && triangle === 'upper') rows.push(...lowerFromUpper(dim).map((place) => start + place));
    else for (let row = 0; row < count; row++) rows.push(start + row);
  }
  return rows;
}

/** For each entry of the lower triangle, column by column, its place in the upper one: (i, j) = (j, i) is at i(i + 1)/2 + j. */
function lowerFromUpper(order: number): number[] {
  const places: number[] = [];
  for (let j = 0; j < order; j++) for (let i = j; i < order; i++) places.push((i * (i + 1)) / 2 + j);
  return places;
}

function isInteger(value: number, least: number): boolean {
  return Number.isSafeInteger(value) && value >= least;
}

function readCount(place: string, given: unknown): number {
  if (typeof given === 'number' && isInteger(given, 0) && given < 2 ** 31) return given;
  throw createArgumentError(`${place}: it`, given, 'an integer from 0');
}

function readList(place: string, given: unknown, must: string, allows: (each: number) => boolean): readonly number[] {
  if (!isListLike(given)) throw createArgumentError(`${place}: it`, given, 'a list');
  return Array.from(given, (each, index) => {
    if (typeof each === 'number' && allows(each)) return each;
    throw createArgumentError(`${place}[${index}]: it`, each, must);
  });
}
