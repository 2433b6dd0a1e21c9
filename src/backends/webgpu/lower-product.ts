/** Lowers products: chooses a variant of the kernel, and splits a large product by rows. */
import { ACTIVATIONS, BIASES, type ProductCall } from '../kernels.ts';
import type { PlannedCall } from '../plan.ts';
import { type Dispatch, f, type ProductVariants, u } from './dispatch.ts';

/** The fields on which the variant of a product depends. */
type ProductShape = Pick<ProductCall, 'm' | 'n' | 'k' | 'transposeA' | 'transposeB'>;

/** A kernel for products, and the size of its workgroups. */
export interface ProductVariant {
  readonly shader: 'product-register' | 'product-register-vector' | 'product-tiled';
  readonly constants: Readonly<Record<string, number>>;
  /** Rows and columns of the result that one workgroup computes. */
  readonly rows: number;
  readonly columns: number;
}

/** An invocation computes an 8 × 8 block in the register variants, and a 4 × 4 block in the tiled variant. */
const BLOCK = 8;
const TILE = 4;
/**
 * Workgroups of the register variants. The large ones come first, since they use the cache better; small ones keep more
 * cores busy.
 */
const REGISTER_GROUPS = [
  { width: 8, height: 4 },
  { width: 8, height: 2 },
  { width: 4, height: 2 },
  { width: 4, height: 1 },
] as const;
/** The number of workgroups that keeps all cores busy. */
const BUSY_PROCESSOR = 8;
/**
 * Edges of a workgroup of the tiled variant. The large one needs fewer loads; the small one occupies more of the GPU
 * for a small product.
 */
export const EDGES = { small: 8, large: 16 } as const;
/** The number of large workgroups that keeps a GPU busy. */
const BUSY_GPU = 128;

export function lowerProduct(call: ProductCall, planned: PlannedCall, variants: ProductVariants): Dispatch[] {
  const { m, n, k, transposeA, transposeB } = call;
  const variant = variants.tiled ? chooseTiledVariant(call) : chooseRegisterVariant(call);
  const rowWork = 2 * n * k;
  const rowsAtOnce = Math.max(1, Math.floor(variants.dispatchWork / (rowWork * variant.rows))) * variant.rows;
  const isUndecided =
    variants.tiled && (variants.wide || rowWork * m >= (variants.tuneFrom ?? Number.POSITIVE_INFINITY));
  const dispatches: Dispatch[] = [];
  for (let firstRow = 0; firstRow < m; firstRow += rowsAtOnce) {
    const endRow = Math.min(firstRow + rowsAtOnce, m);
    dispatches.push({
      shader: variant.shader,
      constants: { ...variant.constants, ...epilogueConstants(call) },
      sizes: [
        ...u(m, n, k, firstRow, endRow),
        ...u(...(transposeA ? [1, m] : [k, 1])),
        ...u(...(transposeB ? [1, k] : [n, 1])),
        ...f(...call.activationParameters),
      ],
      operands: planned.operands,
      result: planned.output,
      groups: groupsForResult(variant, n, endRow - firstRow),
      work: rowWork * (endRow - firstRow),
      ...(isUndecided && { part: { call, rows: endRow - firstRow } }),
    });
  }
  return dispatches;
}

export function groupsForResult(
  variant: Pick<ProductVariant, 'rows' | 'columns'>,
  n: number,
  rows: number,
): [number, number] {
  return [Math.ceil(n / variant.columns), Math.ceil(rows / variant.rows)];
}

/** The number of workgroups of `rows` × `columns` that cover the result. */
function countGroups({ m, n }: ProductShape, rows: number, columns: number): number {
  return Math.ceil(m / rows) * Math.ceil(n / columns);
}

/** Whether both operands can be read as vectors of four numbers. */
export function canReadVectors({ m, n, k, transposeA, transposeB }: ProductShape): boolean {
  return k % 4 === 0 && (!transposeA || m % 4 === 0) && (transposeB || n % 4 === 0);
}

/**
 * Constants that say whether the numbers of an operand are contiguous along k, on which the loading of its slices
 * depends.
 */
export function layoutConstants({ transposeA, transposeB }: ProductShape): Record<string, number> {
  return { A_ALONG_K: transposeA ? 0 : 1, B_ALONG_K: transposeB ? 1 : 0 };
}

function chooseEdge(shape: ProductShape): number {
  const large = TILE * EDGES.large;
  return countGroups(shape, large, large) >= BUSY_GPU ? EDGES.large : EDGES.small;
}

export function chooseTiledVariant(shape: ProductShape, edge = chooseEdge(shape)): ProductVariant {
  return {
    shader: 'product-tiled',
    constants: { EDGE: edge, ...layoutConstants(shape) },
    rows: TILE * edge,
    columns: TILE * edge,
  };
}

function chooseRegisterVariant(shape: ProductShape): ProductVariant {
  const group =
    REGISTER_GROUPS.find(({ width, height }) => countGroups(shape, BLOCK * height, BLOCK * width) >= BUSY_PROCESSOR) ??
    REGISTER_GROUPS[REGISTER_GROUPS.length - 1];
  const { width, height } = group;
  const size = { rows: BLOCK * height, columns: BLOCK * width };
  const constants = { WIDTH: width, HEIGHT: height };
  if (!canReadVectors(shape)) return { shader: 'product-register', constants, ...size };
  return { shader: 'product-register-vector', constants: { ...constants, ...layoutConstants(shape) }, ...size };
}

export function epilogueConstants(
  call: Pick<ProductCall, 'bias' | 'activation' | 'proximal' | 'residual' | 'inputs'>,
): Record<string, number> {
  return {
    BIAS: BIASES.indexOf(call.bias),
    ACTIVATION: ACTIVATIONS.indexOf(call.activation),
    PROXIMAL: call.proximal ? 1 : 0,
    SCALED: call.inputs[3] >= 0 ? 1 : 0,
    RESIDUAL: call.residual ? 1 : 0,
  };
}
