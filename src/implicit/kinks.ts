/** The kinks at a point: found on the device, and read back where there are some. */
import { widenTolerance } from '../autodiff/kinks.ts';
import { broadcast } from '../tensor/arrange.ts';
import { elementwise, reduceAll, reduceRows } from '../tensor/kernels.ts';
import { gatherAlong, joinEndToEnd } from '../tensor/move-kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type KinkPlace, type Places, placeIn } from './kink-places.ts';

/** A coordinate that is at a kink. */
export interface OperationKink extends KinkPlace {
  /** The argument of the operation: the pre-activation; for maximum and minimum the difference of their inputs. */
  readonly value: number;
  /** The distance of the argument from the kink, ≥ 0. */
  readonly distance: number;
}

/** An operation with kinks, and its argument. */
export interface KinkedArgument {
  readonly operation: string;
  /** The positions of the kinks. */
  readonly positions: readonly number[];
  /** The argument. */
  readonly x: Tensor;
  /** The distance from a kink within which x counts as being at it; broadcasts to x. */
  readonly tolerance: Tensor;
  /** How far x may be from the argument at the true solution; broadcasts to x. Absent where nothing bounds this. */
  readonly uncertainty?: Tensor;
  /**
   * Whether a coordinate that is nearer to a kink than its uncertainty counts as at it. Default false: it keeps the
   * derivative of its side.
   */
  readonly isResolved?: boolean;
  readonly places: Places;
  /** Its number among the operations with kinks of the function. Default: its number in the list. */
  readonly place?: number;
}

/** The distance from a kink within which x counts as being at it, with the uncertainty where that counts. */
function nearnessOf({ tolerance, uncertainty, isResolved }: KinkedArgument): Tensor {
  return widenTolerance(tolerance, isResolved ? uncertainty : undefined);
}

/** The kinks at a point, still on the device. */
export interface FoundKinks {
  /** The number of coordinates that rounding puts at a kink, for each sample, [batch] or [1]. */
  readonly near: Tensor;
  /** The same number together with the coordinates that the uncertainty does not tell from a kink. */
  readonly doubtful: Tensor;
  /** The largest distance that counted as at a kink, for each sample, [batch] or [1]. */
  readonly tolerance: Tensor;
  /**
   * For each operation a tensor of the shape of its argument: the argument where it is at a kink, and AWAY elsewhere.
   */
  readonly marks: readonly Tensor[];
}

/** A number beyond every pre-activation that a solve can have: it marks a coordinate that is at no kink. */
export const AWAY = 2 ** 126;

/** Finds the kinks of every sample; undefined where no operation has kinks. */
export function findKinks(operations: readonly KinkedArgument[], batch: number): FoundKinks | undefined {
  const found = operations.map((operation) => {
    const { x, tolerance, uncertainty, isResolved, places } = operation;
    const distance = distanceFromKinks(operation);
    const nearness = nearnessOf(operation);
    const beyond = (limit: Tensor): Tensor => elementwise('greater', [distance, limit]);
    const away = beyond(tolerance);
    const clear = uncertainty && beyond(elementwise('maximum', [tolerance, uncertainty]));
    const near = countOutside(away, batch, places);
    const none = x.context.upload([AWAY], [1], x);
    return {
      near,
      doubtful: clear ? countOutside(clear, batch, places) : near,
      tolerance: findLargest(nearness, x, batch, places),
      marks: elementwise('select', [isResolved && clear ? clear : away, none, x]),
    };
  });
  if (found.length === 0) return undefined;
  const total = (operation: 'add' | 'maximum', name: 'near' | 'doubtful' | 'tolerance'): Tensor =>
    found.map((one) => one[name]).reduce((a, b) => elementwise(operation, [a, b]));
  return {
    near: total('add', 'near'),
    doubtful: total('add', 'doubtful'),
    tolerance: total('maximum', 'tolerance'),
    marks: found.map(({ marks }) => marks),
  };
}

/** The counts of a certificate, from the numbers of a sample. */
export function countKinks(
  operations: readonly MarkedOperation[],
  { near, doubtful, kinkTolerance }: Readonly<Record<'near' | 'doubtful' | 'kinkTolerance', number>>,
): KinkCounts {
  const isResolved = operations.some((one) => one.isResolved);
  const isBounded = operations.every((one) => one.isBounded);
  return {
    kinks: isResolved ? doubtful : near,
    kinkTolerance,
    ...(isBounded && { unresolved: doubtful - near }),
  };
}

/** The distance of x from the nearest kink, number by number. */
function distanceFromKinks({ x, positions }: KinkedArgument): Tensor {
  const distances = positions.map((position) =>
    elementwise('abs', [position === 0 ? x : elementwise('scale', [x], [1, -position])]),
  );
  return distances.reduce((a, b) => elementwise('minimum', [a, b]));
}

/** The number of coordinates of each sample in which the mask is 0, [batch] or [1]. */
function countOutside(mask: Tensor, batch: number, { own }: Places): Tensor {
  if (typeof own !== 'string') return reduceEach('sum', elementwise('scale', [mask], [-1, 1]), batch, own);
  const parts = own === 'rows' ? batch : 1;
  return elementwise('scale', [reduceParts('sum', mask, parts)], [-1, mask.size / parts]);
}

/**
 * The largest number of each sample, of numbers ≥ 0 that broadcast to x: [batch], or [1] where it is the same for all.
 */
export function findLargest(numbers: Tensor, x: Tensor, batch: number, { own }: Places): Tensor {
  if (typeof own !== 'string') return reduceEach('maximumAbsolute', broadcast(numbers, x.shape), batch, own);
  const parts = own === 'rows' && numbers.size % batch === 0 ? batch : 1;
  return reduceParts('maximumAbsolute', numbers, parts);
}

type SampleReduction = 'sum' | 'maximumAbsolute';

/** Reduces x in parts of equal size, one after the other, [parts]. */
function reduceParts(reduction: SampleReduction, x: Tensor, parts: number): Tensor {
  if (x.size === parts) return x.context.alias(x, [parts]);
  return parts === 1 ? reduceAll(reduction, x) : reduceRows(reduction, [x.context.alias(x, [parts, x.size / parts])]);
}

/**
 * Reduces, for each sample, its own numbers and those that all samples share, [batch].
 * @param x numbers ≥ 0
 * @param own the sample of each number, −1 where all share it
 */
function reduceEach(reduction: SampleReduction, x: Tensor, batch: number, own: Int32Array): Tensor {
  const places = Array.from({ length: batch }, (): number[] => []);
  for (const [at, sample] of own.entries()) {
    for (const mine of sample < 0 ? places : [places[sample]]) mine.push(at);
  }
  const width = Math.max(...places.map(({ length }) => length));
  // An index behind the last number reads 0.
  const indices = places.flatMap((mine) => Array.from({ length: width }, (_, index) => mine[index] ?? x.size));
  const flat = x.context.alias(x, [x.size]);
  const rows = gatherAlong(flat, 0, indices.length, { indices: x.context.upload(indices, [indices.length], x) });
  return reduceParts(reduction, x.context.alias(rows, [batch, width]), batch);
}

/**
 * Gives every number of x the value of its sample, or `ofOthers` where it belongs to no single one; broadcasts to x.
 */
export function spreadBySample(x: Tensor, bySample: Tensor, ofOthers: Tensor, { batch, own }: Places): Tensor {
  const { shape, size, context } = x;
  if (own === 'shared' || bySample.size === 1) return own === 'shared' ? ofOthers : bySample;
  if (own === 'rows') {
    if (shape[0] === batch) return context.alias(bySample, [batch, ...shape.slice(1).map(() => 1)]);
    return context.alias(broadcast(context.alias(bySample, [batch, 1]), [batch, size / batch]), shape);
  }
  const all = joinEndToEnd(bySample, ofOthers);
  const indices = Array.from(own, (sample) => (sample < 0 ? batch : sample));
  return context.alias(gatherAlong(all, 0, size, { indices: context.upload(indices, [size], x) }), shape);
}

/** The counts of one sample, as in SampleCertificate. */
export interface KinkCounts {
  readonly kinks: number;
  readonly kinkTolerance: number;
  readonly unresolved?: number;
}

/** The kinks at a point, read back. */
export interface KinkReading {
  readonly list: readonly OperationKink[];
  /** Whether no coordinate of any sample is unresolved. */
  readonly isDecided: boolean;
  /** The counts for the certificate of a sample. */
  ofSample(sample: number): KinkCounts;
}

/**
 * Finds the kinks and reads them back.
 * @param radius the distance within which an argument counts as being at a kink. Default: the tolerance of each
 *   operation
 */
export async function readKinksOf(
  operations: readonly KinkedArgument[],
  batch: number,
  radius?: number,
): Promise<KinkReading> {
  const wide = operations.map((one) =>
    radius === undefined ? one : { ...one, tolerance: one.x.context.upload([radius], [1], one.x) },
  );
  const found = findKinks(wide, batch);
  if (!found) return { list: [], isDecided: true, ofSample: () => ({ kinks: 0, kinkTolerance: 0, unresolved: 0 }) };
  const marked = operations.map((operation, index) => attachMarks(operation, found.marks[index]));
  const [near, doubtful, tolerance, list] = await Promise.all([
    found.near.data(),
    found.doubtful.data(),
    found.tolerance.data(),
    readKinks(marked),
  ]);
  const of = (numbers: ArrayLike<number>, sample: number): number => numbers[numbers.length === 1 ? 0 : sample];
  const ofSample = (sample: number): KinkCounts =>
    countKinks(marked, {
      near: of(near, sample),
      doubtful: of(doubtful, sample),
      kinkTolerance: of(tolerance, sample),
    });
  const isDecided = Array.from({ length: batch }, (_, sample) => ofSample(sample)).every(
    ({ unresolved = 0 }) => unresolved === 0,
  );
  return { list, isDecided, ofSample };
}

/** An operation with its marks, from which its kinks are read back. */
export interface MarkedOperation extends Omit<KinkedArgument, 'x' | 'tolerance' | 'uncertainty'> {
  /** As in FoundKinks. */
  readonly marks: Tensor;
  /** Whether its uncertainty is known. */
  readonly isBounded: boolean;
}

/** An operation together with its marks. */
export function attachMarks(
  { operation, positions, isResolved, uncertainty, places, place }: Omit<KinkedArgument, 'x' | 'tolerance'>,
  marks: Tensor,
): MarkedOperation {
  return { operation, positions, isResolved, places, place, marks, isBounded: uncertainty !== undefined };
}

/**
 * Reads the kinks from the marks of the operations, ordered by sample; kinks that samples share come first.
 * @param counts of each sample, where they are known: samples without kinks are not searched
 */
export async function readKinks(
  operations: readonly MarkedOperation[],
  counts?: readonly KinkCounts[],
): Promise<OperationKink[]> {
  const kinks: OperationKink[] = [];
  const numbers = await Promise.all(operations.map(({ marks }) => marks.data()));
  for (const [at, { operation, positions, marks, places, place = at }] of operations.entries()) {
    const placeOf = placeIn(places, marks.size);
    const width = marks.size / places.batch;
    const parts =
      counts && places.own === 'rows'
        ? counts.flatMap(({ kinks }, sample) => (kinks > 0 ? [[sample * width, (sample + 1) * width]] : []))
        : [[0, marks.size]];
    for (const index of parts.flatMap(([first, end]) => findMarked(numbers[at], first, end))) {
      const value = numbers[at][index];
      const distance = Math.min(...positions.map((position) => Math.abs(value - position)));
      kinks.push({ operation, place, ...placeOf(index), value, distance });
    }
  }
  return kinks.sort((a, b) => (a.sample ?? -1) - (b.sample ?? -1));
}

/** The places from `first` up to `end` where marks are not AWAY. */
function findMarked(marks: ArrayLike<number>, first: number, end: number): number[] {
  const places: number[] = [];
  for (let index = first; index < end; index++) if (marks[index] < AWAY) places.push(index);
  return places;
}
