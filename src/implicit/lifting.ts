/**
 * The derivatives of a user's equation as matrices on the host, with every kinked value as an unknown: for the
 * certificate.
 */
import { type Interruptible, runInTurns } from '../backends/event-loop.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { MatrixFamily } from './hypothesis/family.ts';
import { liftSystem } from './hypothesis/lifted.ts';
import { type KinkReading, readKinksOf } from './kinks.ts';
import { findInaccurateKinks, readValues, widenTolerances } from './lifted-accuracy.ts';
import { type Columns, groupMoves, type Read, readColumns } from './lifted-columns.ts';
import { type Coordinate, type LiftedFunction, listCoordinates, recordLifted } from './lifted-function.ts';
import type { ImplicitSystem } from './system.ts';

/** The largest number of unknowns and kinked values together: matrices of this order are inverted on the host. */
const LARGEST_ORDER = 512;

/** Thrown where a system is larger than LARGEST_ORDER, or where not all of its kinks are known. */
export class NotLifted extends RangeError {
  override readonly name = 'NotLifted';
}

/**
 * The lifted system of one sample: its unknowns are those of z, of the solves inside the function, and the kinked
 * values.
 */
export interface LiftedSample {
  /** The first unknowns are these numbers of z, flattened. */
  readonly unknowns: readonly number[];
  /** All elements of its matrix, with one term for each kink. */
  readonly family: MatrixFamily;
  /**
   * The right-hand side r(d) = constant + Σ dᵢ·slopes[i]·aᵢ over the kinks, such that B(d)⁻¹r(d) is the derivative of
   * the unknowns with respect to the input. Absent where no input is followed.
   */
  readonly right: { readonly constant: Float64Array; readonly slopes: readonly number[] } | undefined;
  /** Whether it is open if some of the kinks are met, because solves inside the function are not accurate enough. */
  readonly isOpen: boolean;
}

/** The lifted systems of a function. */
export interface Lifted {
  /** One system for each sample; a single one for all where an input is followed and samples share kinks. */
  readonly samples: readonly LiftedSample[];
  readonly kinks: KinkReading;
  /**
   * Names of calls whose kinks are not known. The family then holds one element of each of them only. Such a function
   * is lifted only where an input is followed.
   */
  readonly opaque: readonly string[];
}

/** The options of `readLifted`. */
export interface LiftOptions {
  /** The distance within which an argument counts as being at a kink. Default: the tolerance of each row. */
  readonly radius?: number;
  /** As in Solved. */
  readonly uncertainty?: readonly Tensor[];
  /** The input whose right-hand side is wanted; it holds one number. Default: none is followed. */
  readonly input?: number;
  /** Ends the work when it is aborted. */
  readonly signal?: AbortSignal;
}

/**
 * Reads the lifted systems of a user's equation. Every value of an operation with kinks becomes an unknown, so that
 * chained kinks do not hide behind one another. So does every solution of a solve inside the function, together with
 * its equation, whose kinks are lifted too. The determinant is then that of the function times those of the equations,
 * so that the lifted system is invertible exactly where the function and all of the equations are.
 * @param x [batch, n], in a scope that frees what is made here
 * @throws NotLifted where the system is too large, or where kinks are not known and no input is followed
 */
export async function readLifted(
  what: string,
  system: ImplicitSystem,
  x: Tensor,
  { signal, ...options }: LiftOptions,
): Promise<Lifted> {
  const { rows } = system;
  const { input } = options;
  const lifted = recordLifted(system, x, options);
  try {
    const [unknown] = lifted.opaque;
    if (unknown !== undefined && input === undefined) {
      throw new NotLifted(`${what}: the function calls ${unknown}, whose kinks are not known here`);
    }
    const all = listCoordinates(lifted, rows);
    const own = groupBySample(lifted, all, rows.batch);
    const moving = groupMoves(lifted, all);
    const largest = own.reduce((a, b) => (b.length > a.length ? b : a));
    checkOrder(what, moving.moves.length > largest.length ? all : largest, moving.moves.length);
    const columns = await readColumns(lifted, moving, signal);
    const samplesWith = async (operations: LiftedFunction['operations']): Promise<Lifting> => {
      const slopes = await Promise.all(operations.map(({ low, high }) => Promise.all([low.data(), high.data()])));
      const parts = { system, lifted, columns, low: slopes.map(([low]) => low), high: slopes.map(([, high]) => high) };
      const areTogether = input !== undefined && (lifted.isJoint || sharesKinks(parts, all));
      if (areTogether) checkOrder(what, all, all.length);
      const groups = areTogether ? [all] : own;
      const samples: Omit<LiftedSample, 'isOpen'>[] = [];
      for (const group of groups) samples.push(await runInTurns(liftSample(parts, group), signal));
      return { groups, samples };
    };
    let { operations } = lifted;
    let { groups, samples } = await samplesWith(operations);
    const open = new Set<Coordinate>();
    if (lifted.solutions.length > 0) {
      const values = await readValues(system.value(lifted.unknown, lifted.image), lifted);
      const found: Coordinate[] = [];
      for (const [index, { family }] of samples.entries()) {
        const moved = (row: Coordinate, column: Coordinate): number =>
          columns.entry(argumentOf(row), row.sample, column);
        const kinks = findInaccurateKinks(values, groups[index], family.base, moved, operations);
        const inaccurate = await runInTurns(kinks, signal);
        found.push(...inaccurate.met, ...inaccurate.open);
        for (const kink of inaccurate.open) open.add(kink);
      }
      if (found.length > 0) {
        operations = widenTolerances(operations, found, values);
        ({ groups, samples } = await samplesWith(operations));
      }
    }
    return {
      samples: samples.map((sample, index) => ({ ...sample, isOpen: groups[index].some((one) => open.has(one)) })),
      kinks: await readKinksOf(operations, rows.batch),
      opaque: lifted.opaque,
    };
  } finally {
    lifted.tape.dispose();
  }
}

interface Lifting {
  readonly groups: readonly (readonly Coordinate[])[];
  readonly samples: readonly Omit<LiftedSample, 'isOpen'>[];
}

/** The coordinates of each sample, with those that belong to no single one. */
function groupBySample({ isJoint }: LiftedFunction, all: readonly Coordinate[], batch: number): Coordinate[][] {
  return Array.from({ length: batch }, (_, index) =>
    all.filter(({ kind, sample }) => sample === index || sample === -1 || (isJoint && kind !== 'unknown')),
  );
}

function checkOrder(what: string, coordinates: readonly Coordinate[], order: number): void {
  if (order <= LARGEST_ORDER) return;
  const kinked = coordinates.filter(({ kind }) => kind === 'kink').length;
  throw new NotLifted(
    `${what}: ${order - kinked} unknowns and ${kinked} kinked values make a system of order ${order}; at most ${LARGEST_ORDER} is allowed`,
  );
}

type Numbers = ArrayLike<number>;

interface Parts {
  readonly system: ImplicitSystem;
  readonly lifted: LiftedFunction;
  readonly columns: Columns;
  /** The ends of the Clarke intervals of each operation, number by number. */
  readonly low: readonly Numbers[];
  readonly high: readonly Numbers[];
}

const argumentOf =
  ({ of, at }: Coordinate): Read =>
  (column) =>
    column.arguments[of][at];
const restOf =
  ({ of, at }: Coordinate): Read =>
  (column) =>
    column.rests[of]?.[at] ?? 0;

/** Whether a value that belongs to no single sample is at a kink and moves: all samples then share its selection. */
function sharesKinks({ columns, low, high }: Parts, all: readonly Coordinate[]): boolean {
  return all.some((coordinate) => {
    const { kind, of, at, sample } = coordinate;
    if (kind !== 'kink' || sample !== -1 || low[of][at] === high[of][at]) return false;
    const read = argumentOf(coordinate);
    return columns.ofInput(read) !== 0 || all.some((other) => columns.entry(read, sample, other) !== 0);
  });
}

/** Stands for the system of a sample that failed, whose derivatives are not finite: see `isFiniteFamily`. */
function makeUnknownFamily(n: number, kinks: number): MatrixFamily {
  const unknown = (size: number): Float64Array => new Float64Array(size).fill(Number.NaN);
  return { n, base: unknown(n * n), terms: Array.from({ length: kinks }, () => ({ a: unknown(n), b: unknown(n) })) };
}

/** The lifted system of a sample, without the terms of kinks that have no effect. */
function* liftSample(
  { system, lifted, columns, low, high }: Parts,
  coordinates: readonly Coordinate[],
): Interruptible<Omit<LiftedSample, 'isOpen'>> {
  const free = coordinates.filter(({ kind }) => kind !== 'kink');
  const kinks = coordinates.filter(({ kind }) => kind === 'kink');
  const [n, order] = [free.length, coordinates.length];
  function* matrix(
    rows: readonly Coordinate[],
    across: readonly Coordinate[],
    entry: (row: Coordinate, column: Coordinate) => number,
  ): Interruptible<Float64Array> {
    const values = new Float64Array(rows.length * across.length);
    for (const [i, row] of rows.entries()) {
      for (const [j, column] of across.entries()) values[i * across.length + j] = entry(row, column);
      yield;
    }
    return values;
  }
  const equation = (row: Coordinate, column: Coordinate): number => {
    const { kind, of, at, sample } = row;
    if (kind === 'solution') return columns.entry(({ residuals }) => residuals[of][at], sample, column);
    return system.derivativeEntry(
      columns.entry(({ image }) => image[at], sample, column),
      row === column,
    );
  };
  const moved = (row: Coordinate, column: Coordinate): number => columns.entry(argumentOf(row), row.sample, column);
  const ends = { low: kinks.map(({ of, at }) => low[of][at]), high: kinks.map(({ of, at }) => high[of][at]) };
  const chain = {
    n,
    kinks: kinks.length,
    Fz: yield* matrix(free, free, equation),
    Fy: yield* matrix(free, kinks, equation),
    Pz: yield* matrix(kinks, free, moved),
    Py: yield* matrix(kinks, kinks, moved),
    ...ends,
  };
  const { Fz, Fy, Pz, Py } = chain;
  const family = [Fz, Fy, Pz, Py, ends.low, ends.high].every((numbers) => numbers.every(Number.isFinite))
    ? yield* liftSystem(chain)
    : makeUnknownFamily(order, kinks.length);
  const base = Float64Array.from(family.base);
  // A kinked value is rest + σ(x), for maximum and minimum: its equation also has the derivative of the rest.
  for (const [row, kink] of kinks.entries()) {
    for (const [column, coordinate] of coordinates.entries()) {
      base[(n + row) * order + column] -= columns.entry(restOf(kink), kink.sample, coordinate);
    }
    yield;
  }
  const moves = kinks.map((kink) => columns.ofInput(argumentOf(kink)));
  const slopes = moves.map((move, row) => (ends.high[row] - ends.low[row]) * move);
  const kept = kinks.flatMap((_, row) =>
    slopes[row] !== 0 || Array.from(family.terms[row].b).some((value) => value !== 0) ? [row] : [],
  );
  const constant = Float64Array.from(coordinates, (coordinate, row) => {
    const { kind, of, at } = coordinate;
    if (kind === 'unknown')
      return -system.derivativeEntry(
        columns.ofInput(({ image }) => image[at]),
        false,
      );
    if (kind === 'solution') return -columns.ofInput(({ residuals }) => residuals[of][at]);
    return ends.low[row - n] * moves[row - n] + columns.ofInput(restOf(coordinate));
  });
  return {
    unknowns: free.filter(({ kind }) => kind === 'unknown').map(({ at }) => at),
    family: { n: order, base, terms: kept.map((row) => family.terms[row]) },
    right: lifted.input && { constant, slopes: kept.map((row) => slopes[row]) },
  };
}
