/** What a kernel call becomes: one or more dispatches, with everything but the buffers themselves. */
import type { ProductCall } from '../kernels.ts';
import type { ShaderName } from './shaders.ts';

/** One 32-bit word of the sizes that a kernel gets as a uniform. */
export type Word = { readonly kind: 'u' | 'i' | 'f'; readonly value: number };

export const u = (...values: number[]): Word[] => values.map((value) => ({ kind: 'u', value }));
export const i = (...values: number[]): Word[] => values.map((value) => ({ kind: 'i', value }));
export const f = (...values: number[]): Word[] => values.map((value) => ({ kind: 'f', value }));

/** Stands for a buffer of the executable in which a reduction keeps the values of its first dispatch. */
export const SCRATCH = -2;

export interface Dispatch {
  /** Undefined where the rest is still to be said: see OpenPass. */
  readonly shader?: ShaderName;
  readonly constants: Readonly<Record<string, number>>;
  readonly sizes: readonly Word[];
  /** Buffers of the plan; ABSENT where there is none, or where it is the result's own; or SCRATCH. */
  readonly operands: readonly number[];
  readonly result: number;
  readonly groups: readonly [number, number];
  /** Estimated floating-point operations. */
  readonly work: number;
  /** Goes on with what the one before has begun, and need not be made where that is to be cut short. */
  readonly isContinued?: boolean;
  /** The product of which this is a part, and its rows, where another form may do it as well. */
  readonly part?: ProductPart;
}

export interface ProductPart {
  readonly call: ProductCall;
  readonly rows: number;
}

/** Which forms of the kernels are used, and how much one dispatch may do. */
export interface ProductVariants {
  /** True: shared memory and barriers, for GPUs. False: registers only, for software adapters. */
  readonly tiled: boolean;
  /** A larger product is split by rows. */
  readonly dispatchWork: number;
  /** Operations of a product from which its form is chosen by timing. Default: no product. */
  readonly tuneFrom?: number;
  /** Products get the wide form wherever they can. */
  readonly wide?: boolean;
}

const GROUP_LIMIT = 65535;

/** Groups in two dimensions, since one takes at most 65535. Kernels flatten them again: id.y · groups.x · width + id.x. */
export function flatGroups(groups: number): readonly [number, number] {
  const x = Math.min(groups, GROUP_LIMIT);
  return [x, Math.ceil(groups / x)];
}

const THREADS = 64;

/** As many workgroups of the usual 64 invocations as `count` of them need. */
export function groupsFor(count: number): readonly [number, number] {
  return flatGroups(Math.ceil(count / THREADS));
}

export function wordsToBytes(words: readonly Word[]): ArrayBuffer {
  const buffer = new ArrayBuffer(words.length * 4);
  const view = new DataView(buffer);
  for (const [index, { kind, value }] of words.entries()) {
    if (kind === 'f') view.setFloat32(index * 4, value, true);
    else if (kind === 'i') view.setInt32(index * 4, value, true);
    else view.setUint32(index * 4, value, true);
  }
  return buffer;
}
