/** Where a function is at its kinks: found on the device, read where there are some. */
import { broadcast } from '../tensor/arrange.ts';
import { elementwise, gatherAlong, reduceAll, reduceRows } from '../tensor/kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type KinkPlace, type Places, placeIn } from './kink-places.ts';

/** A coordinate of an operation that is at a kink. */
export interface OperationKink extends KinkPlace {
  /** The argument: the pre-activation; of maximum and minimum the difference of their inputs. */
  readonly value: number;
  /** Of the argument from the kink. */
  readonly distance: number;
}

/** An operation with kinks, and its argument. */
export interface KinkedArgument {
  readonly operation: string;
  readonly positions: readonly number[];
  readonly x: Tensor;
  /** How near a position counts as at it: broadcasts to x. */
  readonly tolerance: Tensor;
  readonly places: Places;
  /** Among those of the function; default: in the list. */
  readonly place?: number;
}

export interface FoundKinks {
  /** Coordinates at a kink, of each sample, [batch] or [1]. */
  readonly count: Tensor;
  /** What counted as at a kink: the largest of each sample, [batch] or [1]. */
  readonly tolerance: Tensor;
  /** For each operation its argument where that is at a kink, AWAY elsewhere. */
  readonly marks: readonly Tensor[];
}

/** Beyond every pre-activation that a solve can have: at no kink. */
export const AWAY = 2 ** 126;

/** Of every sample; undefined where no operation has kinks. */
export function findKinks(operations: readonly KinkedArgument[], batch: number): FoundKinks | undefined {
  const found = operations.map(({ positions, x, tolerance, places: { own } }) => {
    const away = isAway(x, positions, tolerance);
    const none = x.context.upload([AWAY], [1], x);
    const marks = elementwise('select', [away, none, x]);
    if (typeof own !== 'string') {
      const near = elementwise('scale', [away], [-1, 1]);
      const wide = broadcast(tolerance, x.shape);
      return { count: ofEach('sum', near, batch, own), tolerance: ofEach('maximumAbsolute', wide, batch, own), marks };
    }
    const parts = own === 'rows' ? batch : 1;
    return {
      count: elementwise('scale', [ofSamples('sum', away, parts)], [-1, x.size / parts]),
      tolerance: ofSamples('maximumAbsolute', tolerance, tolerance.size % parts === 0 ? parts : 1),
      marks,
    };
  });
  if (found.length === 0) return undefined;
  return {
    count: found.map(({ count }) => count).reduce((a, b) => elementwise('add', [a, b])),
    tolerance: found.map(({ tolerance }) => tolerance).reduce((a, b) => elementwise('maximum', [a, b])),
    marks: found.map(({ marks }) => marks),
  };
}

/** 1 where x is further from every kink than the tolerance. */
function isAway(x: Tensor, positions: readonly number[], tolerance: Tensor): Tensor {
  const distances = positions.map((position) =>
    elementwise('abs', [position === 0 ? x : elementwise('scale', [x], [1, -position])]),
  );
  const nearest = distances.reduce((a, b) => elementwise('minimum', [a, b]));
  return elementwise('greater', [nearest, tolerance]);
}

type SampleReduction = 'sum' | 'maximumAbsolute';

/** Of so many parts, one after the other. */
function ofSamples(reduction: SampleReduction, x: Tensor, parts: number): Tensor {
  if (x.size === parts) return x.context.alias(x, [parts]);
  return parts === 1 ? reduceAll(reduction, x) : reduceRows(reduction, [x.context.alias(x, [parts, x.size / parts])]);
}

/** Of each sample with what all share, of numbers ≥ 0 in any order. @param own the sample of each, or −1 */
function ofEach(reduction: SampleReduction, x: Tensor, batch: number, own: Int32Array): Tensor {
  const places = Array.from({ length: batch }, (): number[] => []);
  for (const [at, sample] of own.entries()) {
    for (const mine of sample < 0 ? places : [places[sample]]) mine.push(at);
  }
  const width = Math.max(...places.map(({ length }) => length));
  // A place behind the last one gives 0.
  const indices = places.flatMap((mine) => Array.from({ length: width }, (_, index) => mine[index] ?? x.size));
  const flat = x.context.alias(x, [x.size]);
  const rows = gatherAlong(flat, 0, indices.length, { indices: x.context.upload(indices, [indices.length], x) });
  return ofSamples(reduction, x.context.alias(rows, [batch, width]), batch);
}

/** The kinks at a point, and their numbers. */
export interface KinkReading {
  readonly list: readonly OperationKink[];
  /** For a certificate. */
  ofSample(sample: number): { readonly kinks: number; readonly kinkTolerance: number };
}

/** Finds and reads them at once. @param radius what counts as at a kink; default: the tolerance of each operation */
export async function readKinksOf(
  operations: readonly KinkedArgument[],
  batch: number,
  radius?: number,
): Promise<KinkReading> {
  const wide = operations.map((one) =>
    radius === undefined ? one : { ...one, tolerance: one.x.context.upload([radius], [1], one.x) },
  );
  const found = findKinks(wide, batch);
  if (!found) return { list: [], ofSample: () => ({ kinks: 0, kinkTolerance: 0 }) };
  const marked = operations.map((operation, index) => ({ ...operation, marks: found.marks[index] }));
  const [count, tolerance, list] = await Promise.all([found.count.data(), found.tolerance.data(), readKinks(marked)]);
  const of = (numbers: ArrayLike<number>, sample: number): number => numbers[numbers.length === 1 ? 0 : sample];
  return { list, ofSample: (sample) => ({ kinks: of(count, sample), kinkTolerance: of(tolerance, sample) }) };
}

/** An operation as it is read back. */
export interface MarkedOperation extends Omit<KinkedArgument, 'x' | 'tolerance'> {
  readonly marks: Tensor;
}

/** What the marks of the operations say, sample by sample. */
export async function readKinks(operations: readonly MarkedOperation[]): Promise<OperationKink[]> {
  const kinks: OperationKink[] = [];
  const numbers = await Promise.all(operations.map(({ marks }) => marks.data()));
  for (const [at, { operation, positions, marks, places, place = at }] of operations.entries()) {
    const placeOf = placeIn(places, marks.size);
    for (const [index, value] of numbers[at].entries()) {
      if (value >= AWAY) continue;
      const distance = Math.min(...positions.map((position) => Math.abs(value - position)));
      kinks.push({ operation, place, ...placeOf(index), value, distance });
    }
  }
  return kinks.sort((a, b) => (a.sample ?? -1) - (b.sample ?? -1));
}
