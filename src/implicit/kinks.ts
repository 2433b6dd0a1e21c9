/** Where a function is at its kinks: found on the device, read where there are some. */
import { nearness } from '../autodiff/kinks.ts';
import { elementwise, reduceAll, reduceRows } from '../tensor/kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type KinkPlace, partsOf, placeIn } from './kink-places.ts';

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
}

/** How near a position counts as at it, in the end. */
export function nearnessOf({ tolerance, uncertainty, isResolved }: KinkedArgument): Tensor {
  return nearness(tolerance, isResolved ? uncertainty : undefined);
}

export interface FoundKinks {
  /** Coordinates further from every kink than rounding explains, of each sample, [batch] or [1]. */
  readonly away: Tensor;
  /** Those of them that the uncertainty leaves no doubt of; where none is known, all. */
  readonly clear: Tensor;
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
    const { x, tolerance, uncertainty, isResolved } = operation;
    const distance = distanceOf(operation);
    const nearness = nearnessOf(operation);
    const beyond = (limit: Tensor): Tensor => elementwise('greater', [distance, limit]);
    const away = beyond(tolerance);
    const none = x.context.upload([AWAY], [1], x);
    const counted = ofSamples('sum', away, batch);
    return {
      away: counted,
      clear: uncertainty ? both(away, beyond(uncertainty), batch) : counted,
      tolerance: ofSamples('maximumAbsolute', nearness, batch),
      marks: elementwise('select', [isResolved && uncertainty ? beyond(nearness) : away, none, x]),
    };
  });
  if (found.length === 0) return undefined;
  const total = (operation: 'add' | 'maximum', name: 'away' | 'clear' | 'tolerance'): Tensor =>
    found.map((one) => one[name]).reduce((a, b) => elementwise(operation, [a, b]));
  return {
    away: total('add', 'away'),
    clear: total('add', 'clear'),
    tolerance: total('maximum', 'tolerance'),
    marks: found.map(({ marks }) => marks),
  };
}

/** What the host makes of the numbers of a sample. */
export function kinkCounts(
  operations: readonly MarkedOperation[],
  batch: number,
  { away, clear, kinkTolerance }: Readonly<Record<'away' | 'clear' | 'kinkTolerance', number>>,
): KinkCounts {
  const all = operations.reduce((sum, { marks }) => sum + marks.size / partsOf(marks, batch), 0);
  const isResolved = operations.some((one) => one.isResolved);
  const isBounded = operations.every((one) => one.isBounded);
  return {
    kinks: all - (isResolved ? clear : away),
    kinkTolerance,
    ...(isBounded && { unresolved: away - clear }),
  };
}

/** Of x from the nearest kink. */
function distanceOf({ x, positions }: KinkedArgument): Tensor {
  const distances = positions.map((position) =>
    elementwise('abs', [position === 0 ? x : elementwise('scale', [x], [1, -position])]),
  );
  return distances.reduce((a, b) => elementwise('minimum', [a, b]));
}

/** Coordinates of each sample in which both are 1. */
function both(a: Tensor, b: Tensor, batch: number): Tensor {
  const parts = partsOf(a, batch);
  if (a.size === parts) return a.context.alias(elementwise('multiply', [a, b]), [parts]);
  return reduceRows(
    'dot',
    [a, b].map((mask) => mask.context.alias(mask, [parts, mask.size / parts])),
  );
}

function ofSamples(reduction: 'sum' | 'maximumAbsolute', x: Tensor, batch: number): Tensor {
  const parts = partsOf(x, batch);
  if (x.size === parts) return x.context.alias(x, [parts]);
  return parts === 1 ? reduceAll(reduction, x) : reduceRows(reduction, [x.context.alias(x, [parts, x.size / parts])]);
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
  if (!found) return { list: [], ofSample: () => ({ kinks: 0, kinkTolerance: 0, unresolved: 0 }) };
  const marked = operations.map((operation, index) => markedOperation(operation, found.marks[index]));
  const [away, clear, tolerance, list] = await Promise.all([
    found.away.data(),
    found.clear.data(),
    found.tolerance.data(),
    readKinks(marked, batch),
  ]);
  const of = (numbers: ArrayLike<number>, sample: number): number => numbers[numbers.length === 1 ? 0 : sample];
  const ofSample = (sample: number): KinkCounts =>
    kinkCounts(marked, batch, {
      away: of(away, sample),
      clear: of(clear, sample),
      kinkTolerance: of(tolerance, sample),
    });
  return { list, ofSample };
}

/** An operation as it is read back. */
export interface MarkedOperation extends Pick<KinkedArgument, 'operation' | 'positions' | 'isResolved'> {
  readonly marks: Tensor;
  /** Whether its uncertainty is known. */
  readonly isBounded: boolean;
}

export function markedOperation(
  { operation, positions, isResolved, uncertainty }: Omit<KinkedArgument, 'x' | 'tolerance'>,
  marks: Tensor,
): MarkedOperation {
  return { operation, positions, isResolved, isBounded: uncertainty !== undefined, marks };
}

/** What the marks of the operations say, sample by sample. */
export async function readKinks(operations: readonly MarkedOperation[], batch: number): Promise<OperationKink[]> {
  const kinks: OperationKink[] = [];
  const numbers = await Promise.all(operations.map(({ marks }) => marks.data()));
  for (const [place, { operation, positions, marks }] of operations.entries()) {
    for (const [at, value] of numbers[place].entries()) {
      if (value >= AWAY) continue;
      const distance = Math.min(...positions.map((position) => Math.abs(value - position)));
      kinks.push({ operation, place, ...placeIn(marks, batch, at), value, distance });
    }
  }
  return kinks.sort((a, b) => (a.sample ?? -1) - (b.sample ?? -1));
}
