/**
 * Descriptions of composed problems, drawn by fast-check. They are plain data; whatever fast-check shrinks them to
 * describes a problem too.
 */
import fc from 'fast-check';
import { BEND_NAMES, type BendName } from './bends.ts';
import { LAYOUTS } from './layouts.ts';

const STEP_KINDS = ['linear', 'bend', 'extreme', 'sum', 'vector', 'ray', 'inner', 'mix', 'product'] as const;
export type StepKind = (typeof STEP_KINDS)[number];

/** One node of the graph. Places count backwards from the newest node. */
export interface Step {
  readonly kind: StepKind;
  readonly from: number;
  readonly other: number;
  /** Entries of a matrix or a vector, in units of ¼ times the size. */
  readonly numbers: readonly number[];
  /** By samples and features: 0 places an argument at a kink, another number on that side of it and so far away. */
  readonly sides: readonly number[];
  readonly bend: BendName;
  /** Whether all samples share matrices and vectors, instead of having their own. */
  readonly isShared: boolean;
  readonly layout: number;
  /** A matrix is multiplied by this power of 2, and its result is divided by it. */
  readonly exponent: number;
}

export interface Description {
  readonly n: number;
  readonly batch: number;
  readonly form: 'fixed point' | 'root';
  readonly isCoupled: boolean;
  /** The solution, in units of ¼. */
  readonly z: readonly number[];
  readonly steps: readonly Step[];
  /** The size of the entries of matrices. */
  readonly size: number;
  /** Whether the function contracts, by ½ at least. */
  readonly isTame: boolean;
  /** Lengths are multiplied by this power of 2. */
  readonly scale: number;
  /** For a root: the factor of z in the function, in units of ½. */
  readonly own: number;
}

interface Restrictions {
  /** Default: all kinds. */
  readonly kinds?: readonly StepKind[];
  /** Default: either. */
  readonly isTame?: boolean;
  readonly isCoupled?: boolean;
  readonly form?: Description['form'];
  /** Powers of 2 by which lengths, or matrices, may be multiplied. Default: only 0. */
  readonly scales?: readonly number[];
  readonly exponents?: readonly number[];
  /** The largest width. Default 4. */
  readonly widest?: number;
  readonly batches?: readonly number[];
  /** The largest number of steps. Default 5. */
  readonly longest?: number;
  readonly layouts?: number;
}

const SIZES = [4, 3];

/** Descriptions of any problems, or of problems with the given properties. */
export function drawDescriptions({
  kinds = STEP_KINDS,
  scales = [0],
  exponents = [0],
  widest = SIZES[0],
  batches = [1, 2, 3],
  longest = 5,
  layouts = LAYOUTS.length,
  ...fixed
}: Restrictions = {}): fc.Arbitrary<Description> {
  const small = (count: number, largest: number) =>
    fc.array(fc.integer({ min: -largest, max: largest }), { minLength: count, maxLength: count });
  const places = fc.constantFrom(0, 0, 0, 1, 2, 3);
  const step: fc.Arbitrary<Step> = fc.record({
    kind: fc.constantFrom(...kinds.flatMap((kind) => Array<StepKind>(WEIGHTS[kind] ?? 1).fill(kind))),
    from: places,
    other: places,
    numbers: small(48, 4),
    sides: fc.array(fc.constantFrom(0, 1, -1, 2, -2, 0), { minLength: 12, maxLength: 12 }),
    bend: fc.constantFrom(...BEND_NAMES),
    isShared: fc.boolean(),
    layout: fc.integer({ min: 0, max: layouts - 1 }),
    exponent: fc.constantFrom(...exponents),
  });
  return fc.record({
    n: fc.integer({ min: 1, max: widest }),
    batch: fc.constantFrom(...batches),
    form: fixed.form === undefined ? fc.constantFrom('fixed point' as const, 'root' as const) : fc.constant(fixed.form),
    isCoupled: fixed.isCoupled === undefined ? fc.boolean() : fc.constant(fixed.isCoupled),
    z: small(12, 8),
    steps: fc.array(step, { minLength: 1, maxLength: longest }),
    size: fc.constantFrom(1, 2, 4),
    isTame: fixed.isTame === undefined ? fc.boolean() : fc.constant(fixed.isTame),
    scale: fc.constantFrom(...scales),
    own: fc.constantFrom(2, 1, -1, 4),
  });
}

/** How much more often a kind is drawn than the rarest one. */
const WEIGHTS: Readonly<Partial<Record<StepKind, number>>> = {
  linear: 4,
  bend: 6,
  extreme: 2,
  sum: 2,
  vector: 2,
  inner: 2,
};
