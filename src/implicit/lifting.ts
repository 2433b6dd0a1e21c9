/** The derivatives of a user's equation as matrices on the host, with every kink an unknown of its own: for the certificate. */

import { type LiftedOperation, Tape } from '../autodiff/tape.ts';
import { breathe, type Interruptible, inTurns } from '../backends/event-loop.ts';
import { describe } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { MatrixFamily } from './hypothesis/family.ts';
import { liftedSystem } from './hypothesis/lifted.ts';
import { type KinkReading, readKinksOf } from './kinks.ts';
import type { ImplicitSystem } from './system.ts';

/** Unknowns and kinked values together: matrices of this order are inverted on the host. */
const LARGEST_ORDER = 512;

/** Thrown where that is not enough. */
export class SystemTooLarge extends RangeError {
  override readonly name = 'SystemTooLarge';
}

/** One sample's system in the unknowns and the kinked values together. */
export interface LiftedSample {
  /** All elements of its matrix; the terms are the kinks. */
  readonly family: MatrixFamily;
  /**
   * Where an input was followed: its right-hand side is constant + Σ dᵢ·slopes[i]·aᵢ over the kinks, so that B(d)⁻¹ of it is
   * what moves when the input moves by 1.
   */
  readonly right: { readonly constant: Float64Array; readonly slopes: readonly number[] } | undefined;
}

export interface Lifted {
  readonly samples: readonly LiftedSample[];
  readonly kinks: KinkReading;
}

export interface LiftOptions {
  /** Everything within it of a kink counts as at the kink. Default: the tolerance of each row. */
  readonly radius?: number;
  /** As in Solved. */
  readonly uncertainty?: readonly Tensor[];
  /** Of the inputs the one, of one number, whose right-hand side is wanted. */
  readonly input?: number;
  /** Ends the work where it is aborted. */
  readonly signal?: AbortSignal;
}

/**
 * Every value of an operation with kinks becomes an unknown of its own, so that chained kinks do not hide behind one another.
 * @param x [batch, n], in a scope that frees what is made here
 */
export async function readLifted(
  what: string,
  system: ImplicitSystem,
  x: Tensor,
  { radius, uncertainty, input, signal }: LiftOptions,
): Promise<Lifted> {
  const { batch, n } = system.rows;
  const tape = new Tape();
  try {
    const watched = tape.watch(x);
    const inputs = system.inputs.map((one, index) => (index === input ? tape.watch(one) : one));
    const image = system.image(watched, inputs);
    const operations = tape
      .lifted(radius, uncertainty)
      .map((one, index) => ({ ...one, uncertainty: uncertainty?.[index], isResolved: !!uncertainty }));
    const followed = input === undefined ? undefined : inputs[input];
    const widths = operations.map(({ output }) => widthOf(what, output, batch));
    const order = n + widths.reduce((sum, width) => sum + width, 0);
    if (order > LARGEST_ORDER) {
      throw new SystemTooLarge(
        `${what}: ${n} unknowns and ${order - n} kinked values make a system of order ${order}; at most ${LARGEST_ORDER} is allowed`,
      );
    }
    const [columns, slopes, kinks] = await Promise.all([
      readColumns(tape, watched, followed, image, operations, widths, signal),
      Promise.all(operations.map(({ low, high }) => Promise.all([low.data(), high.data()]))),
      readKinksOf(operations, batch),
    ]);
    const samples: LiftedSample[] = [];
    for (let sample = 0; sample < batch; sample++) {
      const part = (values: ArrayLike<number>, width: number): number[] =>
        Array.from({ length: width }, (_, index) => values[sample * width + index]);
      const low = slopes.flatMap(([values], at) => part(values, widths[at]));
      const high = slopes.flatMap(([, values], at) => part(values, widths[at]));
      samples.push(await inTurns(liftedSample(system, columns, { sample, order, low, high, widths }), signal));
    }
    return { samples, kinks };
  } finally {
    tape.dispose();
  }
}

function widthOf(what: string, output: Tensor, batch: number): number {
  if (output.size % batch !== 0) {
    throw new RangeError(
      `${what}: an operation gives the shape ${describe(output.shape)}, which does not divide into ${batch} samples; ` +
        'with coupled: true all samples are one system',
    );
  }
  return output.size / batch;
}

/** What moves when one unknown of every sample moves by 1: the image, and the argument and the rest of each operation. */
interface Column {
  readonly image: ArrayLike<number>;
  readonly arguments: readonly ArrayLike<number>[];
  readonly rests: readonly (ArrayLike<number> | undefined)[];
}

/** In the order of the unknowns: z, then the values of the operations with kinks; last the input, where one is followed. */
async function readColumns(
  tape: Tape,
  x: Tensor,
  input: Tensor | undefined,
  image: Tensor,
  operations: readonly LiftedOperation[],
  widths: readonly number[],
  signal: AbortSignal | undefined,
): Promise<Column[]> {
  const unknowns = [x, ...operations.map(({ output }) => output), ...(input ? [input] : [])];
  const outputs = [
    image,
    ...operations.flatMap(({ argument: { plus, minus }, rest }) => [
      plus,
      ...(minus ? [minus] : []),
      ...(rest ? [rest] : []),
    ]),
  ];
  const linear = tape.linearised();
  const columns: Promise<Column>[] = [];
  for (const [at, unknown] of unknowns.entries()) {
    // An input is one number for all samples.
    const width = unknown === input ? 1 : [x.shape[1], ...widths][at];
    for (let index = 0; index < width; index++) {
      const tangents = unknowns.map((one, place) => {
        const values = new Float64Array(one.size);
        if (place === at) for (let row = index; row < one.size; row += width) values[row] = 1;
        return one.context.upload(values, one.shape, one);
      });
      const moved = linear.pushforward(unknowns, tangents, outputs);
      const column = columnOf(moved, operations);
      column.catch(() => {}); // told where all of them are awaited
      columns.push(column);
      await breathe();
      signal?.throwIfAborted();
    }
  }
  return Promise.all(columns);
}

async function columnOf(moved: readonly Tensor[], operations: readonly LiftedOperation[]): Promise<Column> {
  const [image, ...others] = await Promise.all(moved.map((tensor) => tensor.data()));
  const parts: { argument: ArrayLike<number>; rest: ArrayLike<number> | undefined }[] = [];
  for (const { argument, rest } of operations) {
    const plus = others.shift() as ArrayLike<number>;
    const minus = argument.minus ? others.shift() : undefined;
    parts.push({
      argument: minus ? Array.from(plus, (value, index) => value - minus[index]) : plus,
      rest: rest ? others.shift() : undefined,
    });
  }
  return { image, arguments: parts.map((part) => part.argument), rests: parts.map((part) => part.rest) };
}

interface SampleLift {
  readonly sample: number;
  readonly order: number;
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly widths: readonly number[];
}

/** The terms that do not move anything are left out. */
function* liftedSample(
  system: ImplicitSystem,
  columns: readonly Column[],
  { sample, order, low, high, widths }: SampleLift,
): Interruptible<LiftedSample> {
  const { n } = system.rows;
  const kinked = order - n;
  const places = widths.flatMap((width, operation) =>
    Array.from({ length: width }, (_, index) => ({ operation, at: sample * width + index })),
  );
  function* matrix(
    rows: number,
    columnCount: number,
    at: (row: number, column: number) => number,
  ): Interruptible<Float64Array> {
    const values = new Float64Array(rows * columnCount);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columnCount; column++) values[row * columnCount + column] = at(row, column);
      yield;
    }
    return values;
  }
  const image = (row: number, column: number): number => columns[column].image[sample * n + row];
  const moved = (row: number, column: number): number =>
    columns[column].arguments[places[row].operation][places[row].at];
  const family = yield* liftedSystem({
    n,
    kinks: kinked,
    Fz: yield* matrix(n, n, (row, column) => system.derivativeEntry(image(row, column), row === column)),
    Fy: yield* matrix(n, kinked, (row, column) => system.derivativeEntry(image(row, n + column), false)),
    Pz: yield* matrix(kinked, n, moved),
    Py: yield* matrix(kinked, kinked, (row, column) => moved(row, n + column)),
    low,
    high,
  });
  const base = Float64Array.from(family.base);
  for (const [row, { operation, at }] of places.entries()) {
    for (let column = 0; column < order; column++) {
      base[(n + row) * order + column] -= columns[column].rests[operation]?.[at] ?? 0;
    }
    yield;
  }
  const column = columns.at(order);
  const moves = places.map(({ operation, at }) => column?.arguments[operation][at] ?? 0);
  const slopes = moves.map((moved, row) => (high[row] - low[row]) * moved);
  const kept = places.flatMap((_, row) =>
    slopes[row] !== 0 || Array.from(family.terms[row].b).some((value) => value !== 0) ? [row] : [],
  );
  const constant = Float64Array.from({ length: order }, (_, row) => {
    if (row < n) return -system.derivativeEntry(column?.image[sample * n + row] ?? 0, false);
    const { operation, at } = places[row - n];
    return low[row - n] * moves[row - n] + (column?.rests[operation]?.[at] ?? 0);
  });
  return {
    family: { n: order, base, terms: kept.map((row) => family.terms[row]) },
    right: column && { constant, slopes: kept.map((row) => slopes[row]) },
  };
}
