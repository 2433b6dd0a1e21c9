/** Cone programs in the form in which CVXPY hands a problem to a solver. */
import { createArgumentError, isListLike, isObject } from '../../arguments/check.ts';
import { describeValue } from '../../arguments/describe-value.ts';
import type { Cone } from '../../solvers/cones/cone.ts';
import { readMatrix, readNumber, type SparseEntries } from '../programs/datum.ts';
import { refuseOthers } from '../programs/given-derivatives.ts';
import { readCanonicalCones, rowsOfCanonicalCones, type SolverConvention, sourceRows } from './canonical-cones.ts';

/** Where a variable of the problem stands in x. */
export interface CanonicalVariable {
  /** The place of its first number in x. */
  readonly start: number;
  /** Its shape in CVXPY; [] of a scalar. Its numbers stand in x column by column. */
  readonly shape: readonly number[];
}

/** The data of a cone program, as `coneProgram` takes them. */
export interface CanonicalProgram {
  /** n × n; absent where the objective is linear. */
  readonly P?: SparseEntries;
  /** m × n */
  readonly A: SparseEntries;
  /** m */
  readonly b: readonly number[];
  /** n */
  readonly c: readonly number[];
  /** In the order of the rows. */
  readonly cones: readonly Cone[];
}

/** What a file in the canonical form holds. */
export interface CanonicalForm {
  /** The data, for `coneProgram`. */
  readonly program: CanonicalProgram;
  /** For each row of the program, the row of the file that it is, from 0; those of G come after those of A. */
  readonly rows: readonly number[];
  /** The constant that the problem's objective has beside ½xᵀPx + cᵀx. */
  readonly offset: number;
  /** The variables of the problem that stand in x as they are, by name. */
  readonly variables: Readonly<Record<string, CanonicalVariable>>;
}

/**
 * How CVXPY arranges the rows for each solver (`psd_format_mat` or `PSD_TRIANGLE_KIND`, and `EXP_CONE_ORDER`, of the
 * classes in cvxpy/reductions/solvers/conic_solvers).
 */
const CONVENTIONS: Readonly<Record<string, SolverConvention>> = {
  SCS: { triangle: 'lower', exponential: [0, 1, 2], hasPowers: true, hasTwoParts: false },
  CLARABEL: { triangle: 'upper', exponential: [0, 1, 2], hasPowers: true, hasTwoParts: false },
  ECOS: { triangle: undefined, exponential: [0, 2, 1], hasPowers: false, hasTwoParts: true },
};

const NAMES = ['kind', 'solver', 'dims', 'P', 'A', 'b', 'G', 'h', 'c', 'offset', 'variables'];

/**
 * Reads a problem of CVXPY as `problem.get_problem_data(solver)` gives it, in JSON: `solver` ('SCS', 'CLARABEL' or
 * 'ECOS'), `dims` (the attributes of its ConeDims), `c`, `A`, `b`, for ECOS also `G` and `h`, `P` where the objective is
 * quadratic, and perhaps `offset` and `variables`. Matrices are { rows, columns, entries: [[row, column, value], …] }.
 * docs/cones.md has the lines of Python that write it.
 *
 * The result is in the order of `coneProgram`: the solver's triangles of semidefinite cones become lower ones column by
 * column, and its exponential cones (x, y, z) with y·e^{x/y} ≤ z.
 * @param given what JSON.parse made of the file
 * @throws RangeError that names the field, what it was and what it must be
 */
export function readCanonicalForm(given: unknown): CanonicalForm {
  if (!isObject(given)) throw createArgumentError('canonical form: it', given, 'an object');
  const form = given as Readonly<Record<string, unknown>>;
  refuseOthers('canonical form', form, NAMES);
  if (isGiven(form.kind) && form.kind !== 'canonical') throw createArgumentError('kind: it', form.kind, "'canonical'");
  const { solver } = form;
  if (typeof solver !== 'string' || !Object.hasOwn(CONVENTIONS, solver)) {
    throw createArgumentError('solver: it', solver, `one of ${Object.keys(CONVENTIONS).join(', ')}`);
  }
  const convention = CONVENTIONS[solver];
  const c = readNumbers('c', form.c);
  if (c.length === 0) throw new RangeError('c: it holds no numbers; a program needs at least one variable');
  const n = c.length;
  const cones = readCanonicalCones(form.dims, solver, convention);
  const m = rowsOfCanonicalCones(cones);
  const { A, b } = readRows(form, convention, { n, m, equalities: cones[0]?.type === 'zero' ? cones[0].dim : 0 });
  const rows = sourceRows(cones, convention);
  const placeOf = new Int32Array(m);
  for (const [row, source] of rows.entries()) placeOf[source] = row;
  return {
    program: {
      ...(isGiven(form.P) && { P: readEntries('P', form.P, n, n) }),
      A: { rows: m, columns: n, entries: A.map(([row, column, value]) => [placeOf[row], column, value]) },
      b: rows.map((source) => b[source]),
      c,
      cones,
    },
    rows,
    offset: isGiven(form.offset) ? readNumber('offset', form.offset) : 0,
    variables: isGiven(form.variables) ? readVariables(form.variables, n) : {},
  };
}

/** None in Python is null in JSON. */
function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** A and b over all rows of the file. */
function readRows(
  form: Readonly<Record<string, unknown>>,
  { hasTwoParts }: SolverConvention,
  { n, m, equalities }: { readonly n: number; readonly m: number; readonly equalities: number },
): { readonly A: SparseEntries['entries']; readonly b: readonly number[] } {
  const part = (matrix: string, vector: string, rows: number): ReturnType<typeof readRows> => {
    if (rows === 0 && !isGiven(form[matrix]) && !isGiven(form[vector])) return { A: [], b: [] };
    const { entries } = readEntries(matrix, form[matrix], rows, n);
    return { A: entries, b: readNumbers(vector, form[vector], rows) };
  };
  if (!hasTwoParts) {
    for (const name of ['G', 'h']) {
      if (isGiven(form[name]))
        throw new RangeError(`${name}: only ECOS has it; all rows of other solvers are in A and b`);
    }
    return part('A', 'b', m);
  }
  const [above, below] = [part('A', 'b', equalities), part('G', 'h', m - equalities)];
  const moved = below.A.map(([row, column, value]) => [row + equalities, column, value] as const);
  return { A: [...above.A, ...moved], b: [...above.b, ...below.b] };
}

/** @throws RangeError that names the matrix, where it is no matrix of this size by its entries */
function readEntries(name: string, given: unknown, rows: number, columns: number): SparseEntries {
  if (!isObject(given) || !('entries' in given)) {
    throw createArgumentError(`${name}: it`, given, '{ rows, columns, entries: [[row, column, value], …] }');
  }
  const entries = given as SparseEntries;
  const { extents } = readMatrix(name, entries, columns);
  if (extents[0] !== rows || extents[1] !== columns) {
    throw new RangeError(
      `${name}: it is ${extents.join(' × ')}; c and dims make it ${rows} × ${columns}, so it must be that`,
    );
  }
  return { rows, columns, entries: entries.entries };
}

function readNumbers(name: string, given: unknown, length?: number): readonly number[] {
  if (!isListLike(given)) throw createArgumentError(`${name}: it`, given, 'a list of numbers');
  const numbers = Array.from(given, (each, index) => readNumber(`${name}[${index}]`, each));
  if (length !== undefined && numbers.length !== length) {
    throw new RangeError(
      `${name}: it holds ${numbers.length} numbers; dims have ${length} rows, so it must hold ${length}`,
    );
  }
  return numbers;
}

function readVariables(given: unknown, n: number): CanonicalForm['variables'] {
  if (!isObject(given)) throw createArgumentError('variables: it', given, 'an object');
  const read = Object.entries(given).map(([name, each]): [string, CanonicalVariable] => {
    const place = `variables[${describeValue(name)}]`;
    if (!isObject(each)) throw createArgumentError(`${place}: it`, each, '{ start, shape }');
    refuseOthers(place, each, ['start', 'shape']);
    const { start, shape } = each as Partial<CanonicalVariable>;
    const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
    if (!isListLike(shape) || !Array.from(shape).every(isCount)) {
      throw createArgumentError(`${place}.shape: it`, shape, 'a list of integers from 0');
    }
    const size = shape.reduce((product, extent) => product * extent, 1);
    if (!isCount(start) || start + size > n) {
      throw createArgumentError(
        `${place}.start: it`,
        start,
        `an integer from 0 after which c still has ${size} of its ${n} numbers`,
      );
    }
    return [name, { start, shape: Array.from(shape) }];
  });
  return Object.fromEntries(read);
}
