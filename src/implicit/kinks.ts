/** Where a function is at its kinks: found on the device, read where there are some. */
import { nearness } from '../autodiff/kinks.ts';
import { broadcast } from '../tensor/arrange.ts';
import { elementwise, reduceAll, reduceRows } from '../tensor/kernels.ts';
import { endToEnd, gatherAlong } from '../tensor/move-kernels.ts';
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
  /** How far x may be from that of the true solution: broadcasts to x. Absent where nothing is known of it. */
  readonly uncertainty?: Tensor;
  /** Whether what is nearer to a kink than that counts as at it. Default false: it keeps the derivative of its side. */
  readonly isResolved?: boolean;
  readonly places: Places;
  /** Among those of the function; default: in the list. */
  readonly place?: number;
}

/** How near a position counts as at it, in the end. */
export function nearnessOf({ tolerance, uncertainty, isResolved }: KinkedArgument): Tensor {
  return nearness(tolerance, isResolved ? uncertainty : undefined);
}

export interface FoundKinks {
  /** Coordinates as near to a kink as rounding explains, of each sample, [batch] or [1]. */
  readonly near: Tensor;
  /** These, and those that the uncertainty does not tell from a kink. */
  readonly doubtful: Tensor;
  /** What counted as at a kink: the largest of each sample, [batch] or [1]. */
  readonly tolerance: Tensor;
  /** For each operation its argument where that is at a kink, AWAY elsewhere. */
  readonly marks: readonly Tensor[];
}

/** Beyond every pre-activation that a solve can have: at no kink. */
export const AWAY = 2 ** 126;

/** Of every sample; undefined where no operation has kinks. */
export function findKinks(operations: readonly KinkedArgument[], batch: number): FoundKinks | undefined {
  const found = operations.map((operation) => {
    const { x, tolerance, uncertainty, isResolved, places } = operation;
    const distance = distanceOf(operation);
    const nearness = nearnessOf(operation);
    const beyond = (limit: Tensor): Tensor => elementwise('greater', [distance, limit]);
    const away = beyond(tolerance);
    const clear = uncertainty && elementwise('multiply', [away, beyond(uncertainty)]);
    const near = notIn(away, batch, places);
    const none = x.context.upload([AWAY], [1], x);
    return {
      near,
      doubtful: clear ? notIn(clear, batch, places) : near,
      tolerance: largestIn(nearness, x, batch, places),
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

/** What the host makes of the numbers of a sample. */
export function kinkCounts(
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

/** Of x from the nearest kink. */
function distanceOf({ x, positions }: KinkedArgument): Tensor {
  const distances = positions.map((position) =>
    elementwise('abs', [position === 0 ? x : elementwise('scale', [x], [1, -position])]),
  );
  return distances.reduce((a, b) => elementwise('minimum', [a, b]));
}

/** Coordinates of each sample in which the mask is 0. */
function notIn(mask: Tensor, batch: number, { own }: Places): Tensor {
  if (typeof own !== 'string') return ofEach('sum', elementwise('scale', [mask], [-1, 1]), batch, own);
  const parts = own === 'rows' ? batch : 1;
  return elementwise('scale', [ofSamples('sum', mask, parts)], [-1, mask.size / parts]);
}

/** The largest of each sample, of numbers ≥ 0 that broadcast to x: [batch], or [1] where that is the same for all. */
export function largestIn(numbers: Tensor, x: Tensor, batch: number, { own }: Places): Tensor {
  if (typeof own !== 'string') return ofEach('maximumAbsolute', broadcast(numbers, x.shape), batch, own);
  const parts = own === 'rows' && numbers.size % batch === 0 ? batch : 1;
  return ofSamples('maximumAbsolute', numbers, parts);
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

/** A number of each sample, and one for what belongs to none alone, such that they broadcast to x. */
export function spreadOver(x: Tensor, bySample: Tensor, ofOthers: Tensor, { batch, own }: Places): Tensor {
  const { shape, size, context } = x;
  if (own === 'shared' || bySample.size === 1) return own === 'shared' ? ofOthers : bySample;
  if (own === 'rows') {
    if (shape[0] === batch) return context.alias(bySample, [batch, ...shape.slice(1).map(() => 1)]);
    return context.alias(broadcast(context.alias(bySample, [batch, 1]), [batch, size / batch]), shape);
  }
  const all = endToEnd(bySample, ofOthers);
  const indices = Array.from(own, (sample) => (sample < 0 ? batch : sample));
  return context.alias(gatherAlong(all, 0, size, { indices: context.upload(indices, [size], x) }), shape);
}

/** Of one sample, as in SampleCertificate. */
export interface KinkCounts {
  readonly kinks: number;
  readonly kinkTolerance: number;
  readonly unresolved?: number;
}

/** The kinks at a point, and their numbers. */
export interface KinkReading {
  readonly list: readonly OperationKink[];
  /** Whether it is known that no coordinate is unresolved. */
  readonly isDecided: boolean;
  /** For a certificate. */
  ofSample(sample: number): KinkCounts;
}

/**
 * Finds and reads them at once.
 * @param radius what counts as at a kink besides what is uncertain; default: the tolerance of each operation
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
  const marked = operations.map((operation, index) => markedOperation(operation, found.marks[index]));
  const [near, doubtful, tolerance, list] = await Promise.all([
    found.near.data(),
    found.doubtful.data(),
    found.tolerance.data(),
    readKinks(marked),
  ]);
  const of = (numbers: ArrayLike<number>, sample: number): number => numbers[numbers.length === 1 ? 0 : sample];
  const ofSample = (sample: number): KinkCounts =>
    kinkCounts(marked, {
      near: of(near, sample),
      doubtful: of(doubtful, sample),
      kinkTolerance: of(tolerance, sample),
    });
  const isDecided = Array.from({ length: batch }, (_, sample) => ofSample(sample)).every(
    ({ unresolved = 0 }) => unresolved === 0,
  );
  return { list, isDecided, ofSample };
}

/** An operation as it is read back. */
export interface MarkedOperation extends Omit<KinkedArgument, 'x' | 'tolerance' | 'uncertainty'> {
  readonly marks: Tensor;
  /** Whether its uncertainty is known. */
  readonly isBounded: boolean;
}

export function markedOperation(
  { operation, positions, isResolved, uncertainty, places, place }: Omit<KinkedArgument, 'x' | 'tolerance'>,
  marks: Tensor,
): MarkedOperation {
  return { operation, positions, isResolved, places, place, marks, isBounded: uncertainty !== undefined };
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
