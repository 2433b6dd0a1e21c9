/** Where a function is at its kinks: found on the device, read where there are some. */
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
  return isResolved && uncertainty ? elementwise('maximum', [tolerance, uncertainty]) : tolerance;
}

export interface FoundKinks {
  /** Coordinates at a kink, of each sample, [batch] or [1]. */
  readonly count: Tensor;
  /** What counted as at a kink: the largest of each sample, [batch] or [1]. */
  readonly tolerance: Tensor;
  /** Coordinates beyond the tolerance of rounding that may be at a kink; undefined where nothing is known of some operation. */
  readonly unresolved: Tensor | undefined;
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
    const away = elementwise('greater', [distance, nearness]);
    const none = x.context.upload([AWAY], [1], x);
    const width = x.size / partsOf(x, batch);
    const counted = ofSamples('sum', away, batch);
    const beyond = (limit: Tensor): Tensor => ofSamples('sum', elementwise('greater', [distance, limit]), batch);
    // Of those within the larger of the two, those beyond the tolerance.
    const isolated = (larger: Tensor, smaller: Tensor): Tensor => elementwise('subtract', [smaller, larger]);
    return {
      count: elementwise('scale', [counted], [-1, width]),
      tolerance: ofSamples('maximumAbsolute', nearness, batch),
      unresolved:
        uncertainty &&
        (isResolved
          ? isolated(counted, beyond(tolerance))
          : isolated(beyond(elementwise('maximum', [tolerance, uncertainty])), counted)),
      marks: elementwise('select', [away, none, x]),
    };
  });
  if (found.length === 0) return undefined;
  const sum = (counts: readonly Tensor[]): Tensor => counts.reduce((a, b) => elementwise('add', [a, b]));
  const unresolved = found.flatMap((one) => (one.unresolved ? [one.unresolved] : []));
  return {
    count: sum(found.map(({ count }) => count)),
    tolerance: found.map(({ tolerance }) => tolerance).reduce((a, b) => elementwise('maximum', [a, b])),
    unresolved: unresolved.length === found.length ? sum(unresolved) : undefined,
    marks: found.map(({ marks }) => marks),
  };
}

/** Of x from the nearest kink. */
function distanceOf({ x, positions }: KinkedArgument): Tensor {
  const distances = positions.map((position) =>
    elementwise('abs', [position === 0 ? x : elementwise('scale', [x], [1, -position])]),
  );
  return distances.reduce((a, b) => elementwise('minimum', [a, b]));
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
  const marked = operations.map((operation, index) => ({ ...operation, marks: found.marks[index] }));
  const [count, tolerance, unresolved, list] = await Promise.all([
    found.count.data(),
    found.tolerance.data(),
    found.unresolved?.data(),
    readKinks(marked, batch),
  ]);
  const of = (numbers: ArrayLike<number>, sample: number): number => numbers[numbers.length === 1 ? 0 : sample];
  const ofSample = (sample: number): KinkCounts => ({
    kinks: of(count, sample),
    kinkTolerance: of(tolerance, sample),
    ...(unresolved && { unresolved: of(unresolved, sample) }),
  });
  return { list, ofSample };
}

/** An operation as it is read back. */
export interface MarkedOperation extends Pick<KinkedArgument, 'operation' | 'positions'> {
  readonly marks: Tensor;
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
