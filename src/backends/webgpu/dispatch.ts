/** The form of a lowered kernel call: one or more dispatches, with everything but the buffers themselves. */
import type { ProductCall } from '../kernels.ts';
import type { CONE_SHADERS } from './cone-shaders.ts';
import type { Shader, ShaderName } from './shaders.ts';

/** One 32-bit word of the uniform `sizes` of a kernel: unsigned, signed or floating-point. */
type Word = { readonly kind: 'u' | 'i' | 'f'; readonly value: number };

/** Unsigned, signed and floating-point words. */
export const u = (...values: number[]): Word[] => values.map((value) => ({ kind: 'u', value }));
export const i = (...values: number[]): Word[] => values.map((value) => ({ kind: 'i', value }));
export const f = (...values: number[]): Word[] => values.map((value) => ({ kind: 'f', value }));

/** Stands for the buffer of a Program in which reductions store the partial results of their first dispatch. */
export const SCRATCH = -2;

export interface Dispatch {
  readonly shader: ShaderName | keyof typeof CONE_SHADERS;
  /** The shader, if it is not one of SHADERS. */
  readonly source?: Shader;
  readonly constants: Readonly<Record<string, number>>;
  readonly sizes: readonly Word[];
  /** Buffers of the plan, or SCRATCH; ABSENT if there is no operand, or if it is in the buffer of the result. */
  readonly operands: readonly number[];
  readonly result: number;
  readonly groups: readonly [number, number];
  /** Estimated floating-point operations. */
  readonly work: number;
  /** Whether it continues a whole loop that the dispatch before it began. It is left out if the run is cut short. */
  readonly isContinued?: boolean;
  /** The product of which this computes some rows, if another variant may compute them as well. */
  readonly part?: ProductPart;
}

export interface ProductPart {
  readonly call: ProductCall;
  /** How many rows of the result. */
  readonly rows: number;
}

/** Which variants of the kernels are used, and how much work one dispatch may do. */
export interface ProductVariants {
  /** True for variants with shared memory and barriers, for GPUs; false for registers only, for software adapters. */
  readonly tiled: boolean;
  /** The largest number of operations in one dispatch. A larger product is split by rows. */
  readonly dispatchWork: number;
  /** The number of operations from which the variant of a product is chosen by timing. Default: Infinity. */
  readonly tuneFrom?: number;
  /** Whether each product that can use the wide variant does so. */
  readonly wide?: boolean;
}

const MAXIMUM_GROUPS = 65535;

/**
 * Distributes workgroups over two dimensions, since a dimension holds at most 65535 of them. Kernels compute the flat
 * index id.y · groups.x · width + id.x.
 */
export function distributeGroups(groups: number): readonly [number, number] {
  const x = Math.min(groups, MAXIMUM_GROUPS);
  return [x, Math.ceil(groups / x)];
}

const THREADS = 64;

/** The workgroups of 64 invocations for `count` invocations. */
export function groupsForInvocations(count: number): readonly [number, number] {
  return distributeGroups(Math.ceil(count / THREADS));
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
