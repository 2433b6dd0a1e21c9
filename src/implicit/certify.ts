/** The check of the theorem's hypothesis at the solution of an equation that the user wrote: on the host, in float64. */
import { type LiftedOperation, Tape } from '../autodiff/tape.ts';
import type { Engine } from '../tensor/engine.ts';
import { elementwise } from '../tensor/kernels.ts';
import { describe } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { MatrixFamily } from './hypothesis/family.ts';
import { checkInvertibility, type Invertibility, type InvertibilityOptions } from './hypothesis/hypothesis.ts';
import { liftedSystem } from './hypothesis/lifted.ts';
import type { ImplicitSystem, SystemOf } from './system.ts';

export interface CertifyOptions extends InvertibilityOptions {
  /**
   * Everything within it of a kink counts as at the kink: the hypothesis on a neighbourhood, to first order. Default: what
   * rounding makes of a kink, 64·ε·max|x| of the row.
   */
  readonly radius?: number;
}

/** A coordinate of an operation that is at a kink. */
export interface OperationKink {
  readonly sample: number;
  /** As in a call: relu, abs, maximum, … */
  readonly operation: string;
  /** Among the operations of the function that have kinks, from 0. */
  readonly place: number;
  /** Of the sample's part of the operation's argument, flattened. */
  readonly index: number;
  /** Of the argument from the kink. */
  readonly distance: number;
}

export interface ImplicitCertificate {
  /**
   * certified: for every sample every element of ∂F/∂z is invertible. failed: for some sample some element is singular; relative
   * to the program as it is written. unknown: neither could be shown for some sample.
   */
  readonly status: Invertibility['status'];
  /** Of the sample that decides: one that failed, else one that is unknown, else the one nearest to singular. */
  readonly argument: Invertibility['argument'];
  readonly reason: string;
  readonly kinks: readonly OperationKink[];
  readonly samples: readonly Invertibility[];
}

/** Thrown where a certificate failed and the caller asked for that to be an error. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';
  constructor(
    what: string,
    readonly certificate: ImplicitCertificate,
  ) {
    super(failure(what, certificate));
  }
}

function failure(what: string, { reason, kinks }: ImplicitCertificate): string {
  const at = kinks.length === 0 ? 'no kinks' : `${kinks.length} kinks, the first in ${kinks[0].operation}`;
  return (
    `${what}: the implicit function theorem does not apply at this solution (${reason}; ${at}), ` +
    'so that the gradient may be no derivative of anything'
  );
}

/** throw: reading a gradient rejects. warn: a warning on the console, once for each solution. ignore: nothing. */
export type FailurePolicy = 'throw' | 'warn' | 'ignore';

/** Resolves once the certificate is known and the policy allows to go on. */
export async function upheld(
  what: string,
  policy: FailurePolicy,
  certificate: Promise<ImplicitCertificate>,
): Promise<void> {
  const known = await certificate;
  if (known.status !== 'failed' || policy === 'ignore') return;
  const error = new CertificateError(what, known);
  if (policy === 'throw') throw error;
  console.warn(error.message);
}

/** Unknowns and kinked values together: matrices of this order are inverted on the host. */
const LARGEST_ORDER = 512;

/**
 * Decides, sample by sample, whether all elements of ∂F/∂z at z are invertible (Bolte et al. 2021, Theorem 2). Every value of an
 * operation with kinks is an unknown of its own, so that chained kinks do not hide behind one another.
 * @param z [batch, n]
 * @param systemOf the equation, from its inputs
 */
export async function certify(
  engine: Engine,
  systemOf: SystemOf,
  z: Tensor,
  inputs: readonly Tensor[],
  { radius, ...options }: CertifyOptions,
): Promise<ImplicitCertificate> {
  if (radius !== undefined && !(radius >= 0 && Number.isFinite(radius))) {
    throw new RangeError(`certify: radius is ${radius}; it must be a finite number of at least 0`);
  }
  const lifted = await engine.tidy(async (scope) => {
    const system = systemOf(inputs.map((input) => scope.use(input)));
    const { batch, n } = system.rows;
    const x = engine.alias(scope.use(z), [batch, n]);
    return readLifted(system, x, radius);
  });
  const samples = lifted.families.map((family) => checkInvertibility(family, options));
  const rank = { failed: 0, unknown: 1, certified: 2 };
  const deciding = samples.reduce((a, b) => {
    if (rank[a.status] !== rank[b.status]) return rank[a.status] < rank[b.status] ? a : b;
    return b.nearest.relativeSingularValue < a.nearest.relativeSingularValue ? b : a;
  });
  const { status, argument, reason } = deciding;
  return { status, argument, reason, kinks: lifted.kinks, samples };
}

interface Lifted {
  readonly families: MatrixFamily[];
  readonly kinks: OperationKink[];
}

async function readLifted(system: ImplicitSystem, x: Tensor, radius: number | undefined): Promise<Lifted> {
  const { batch, n } = system.rows;
  const tape = new Tape();
  try {
    const watched = tape.watch(x);
    const image = system.image(watched);
    const operations = tape.lifted(radius);
    const columns = await readColumns(tape, watched, image, operations);
    const widths = operations.map(({ output }) => widthOf(output, batch));
    const order = n + widths.reduce((sum, width) => sum + width, 0);
    if (order > LARGEST_ORDER) {
      throw new RangeError(
        `certify: ${n} unknowns and ${order - n} kinked values make a system of order ${order}; at most ${LARGEST_ORDER} is allowed`,
      );
    }
    const slopes = await Promise.all(
      operations.map(async ({ low, high, x: argument, within }) =>
        Promise.all([low, high, argument, broadcast(within, argument)].map((tensor) => tensor.data())),
      ),
    );
    const kinks: OperationKink[] = [];
    const families: MatrixFamily[] = [];
    for (let sample = 0; sample < batch; sample++) {
      const part = (values: ArrayLike<number>, width: number): number[] =>
        Array.from({ length: width }, (_, index) => values[sample * width + index]);
      const low = slopes.flatMap(([values], at) => part(values, widths[at]));
      const high = slopes.flatMap(([, values], at) => part(values, widths[at]));
      for (const [place, [, , argument, within]] of slopes.entries()) {
        const { operation, positions } = operations[place];
        const near = part(within, widths[place]);
        for (const [index, value] of part(argument, widths[place]).entries()) {
          const distance = Math.min(...positions.map((kink) => Math.abs(value - kink)));
          if (distance <= near[index]) kinks.push({ sample, operation, place, index, distance });
        }
      }
      families.push(familyOf(system, columns, { sample, order, low, high, widths }));
    }
    return { families, kinks };
  } finally {
    tape.dispose();
  }
}

function widthOf(output: Tensor, batch: number): number {
  if (output.size % batch !== 0) {
    throw new RangeError(
      `certify: an operation gives the shape ${describe(output.shape)}, which does not divide into ${batch} samples; ` +
        'with coupled: true all samples are one system',
    );
  }
  return output.size / batch;
}

function broadcast(within: Tensor, argument: Tensor): Tensor {
  return elementwise('add', [elementwise('scale', [argument], [0, 0]), within]);
}

/** What moves when one unknown of every sample moves by 1: the image, and the argument and the rest of each operation. */
interface Column {
  readonly image: ArrayLike<number>;
  readonly arguments: readonly ArrayLike<number>[];
  readonly rests: readonly (ArrayLike<number> | undefined)[];
}

/** In the order of the unknowns: z, then the values of the operations with kinks. */
async function readColumns(
  tape: Tape,
  x: Tensor,
  image: Tensor,
  operations: readonly LiftedOperation[],
): Promise<Column[]> {
  const [batch] = x.shape;
  const unknowns = [x, ...operations.map(({ output }) => output)];
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
    const width = widthOf(unknown, batch);
    for (let index = 0; index < width; index++) {
      const tangents = unknowns.map((one, place) => {
        const values = new Float64Array(one.size);
        if (place === at) for (let sample = 0; sample < batch; sample++) values[sample * width + index] = 1;
        return one.context.upload(values, one.shape, one);
      });
      const moved = linear.pushforward(unknowns, tangents, outputs);
      columns.push(columnOf(moved, operations));
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

/** The lifted family of one sample, without the terms that do not move anything. */
function familyOf(
  system: ImplicitSystem,
  columns: readonly Column[],
  { sample, order, low, high, widths }: SampleLift,
): MatrixFamily {
  const { n } = system.rows;
  const kinked = order - n;
  const places = widths.flatMap((width, operation) =>
    Array.from({ length: width }, (_, index) => ({ operation, at: sample * width + index })),
  );
  const matrix = (rows: number, columnCount: number, at: (row: number, column: number) => number): Float64Array =>
    Float64Array.from({ length: rows * columnCount }, (_, place) =>
      at(Math.floor(place / columnCount), place % columnCount),
    );
  const image = (row: number, column: number): number => columns[column].image[sample * n + row];
  const moved = (row: number, column: number): number =>
    columns[column].arguments[places[row].operation][places[row].at];
  const family = liftedSystem({
    n,
    kinks: kinked,
    Fz: matrix(n, n, (row, column) => system.derivativeEntry(image(row, column), row === column)),
    Fy: matrix(n, kinked, (row, column) => system.derivativeEntry(image(row, n + column), false)),
    Pz: matrix(kinked, n, moved),
    Py: matrix(kinked, kinked, (row, column) => moved(row, n + column)),
    low,
    high,
  });
  const base = Float64Array.from(family.base);
  for (const [row, { operation, at }] of places.entries()) {
    for (let column = 0; column < order; column++) {
      base[(n + row) * order + column] -= columns[column].rests[operation]?.[at] ?? 0;
    }
  }
  const terms = family.terms.filter(({ b }) => Array.from(b).some((value) => value !== 0));
  return { n: order, base, terms };
}
