import { ACTIVATIONS, BIASES, type ProductCall } from '../kernels.ts';
import type { PlannedCall } from '../plan.ts';
import { type Dispatch, f, type ProductVariants, u } from './dispatch.ts';

/** What the form of a product depends on. */
export type ProductShape = Pick<ProductCall, 'm' | 'n' | 'k' | 'transposeA' | 'transposeB'>;

/** How a product is cut into workgroups. */
export interface ProductVariant {
  readonly shader: 'product-register' | 'product-register-vector' | 'product-tiled';
  readonly constants: Readonly<Record<string, number>>;
  /** Rows and columns of the result that one workgroup computes. */
  readonly rows: number;
  readonly columns: number;
}

/** Each invocation of the register variants computes an 8 × 8 block, of the tiled form a 4 × 4 block. */
const BLOCK = 8;
const TILE = 4;
/**
 * Workgroups of the register variants, large ones first: they reuse the cache better, small ones give every core
 * something.
 */
const REGISTER_GROUPS = [
  { width: 8, height: 4 },
  { width: 8, height: 2 },
  { width: 4, height: 2 },
  { width: 4, height: 1 },
] as const;
const BUSY_PROCESSOR = 8;
/**
 * Edges of the workgroup of the tiled form: the larger one needs fewer loads, the smaller one fills more of the GPU
 * with a small product.
 */
export const EDGES = { small: 8, large: 16 } as const;
const BUSY_GPU = 128;

export function lowerProduct(call: ProductCall, step: PlannedCall, variants: ProductVariants): Dispatch[] {
  const { m, n, k, transposeA, transposeB } = call;
  const form = variants.tiled ? chooseTiledVariant(call) : chooseRegisterVariant(call);
  const rowWork = 2 * n * k;
  const rowsAtOnce = Math.max(1, Math.floor(variants.dispatchWork / (rowWork * form.rows))) * form.rows;
  const isOpen = variants.tiled && (variants.wide || rowWork * m >= (variants.tuneFrom ?? Number.POSITIVE_INFINITY));
  const dispatches: Dispatch[] = [];
  for (let firstRow = 0; firstRow < m; firstRow += rowsAtOnce) {
    const endRow = Math.min(firstRow + rowsAtOnce, m);
    dispatches.push({
      shader: form.shader,
      constants: { ...form.constants, ...epilogueConstants(call) },
      sizes: [
        ...u(m, n, k, firstRow, endRow),
        ...u(...(transposeA ? [1, m] : [k, 1])),
        ...u(...(transposeB ? [1, k] : [n, 1])),
        ...f(...call.activationParameters),
      ],
      operands: step.operands,
      result: step.output,
      groups: groupsForResult(form, n, endRow - firstRow),
      work: rowWork * (endRow - firstRow),
      ...(isOpen && { part: { call, rows: endRow - firstRow } }),
    });
  }
  return dispatches;
}

export function groupsForResult(
  form: Pick<ProductVariant, 'rows' | 'columns'>,
  n: number,
  rows: number,
): [number, number] {
  return [Math.ceil(n / form.columns), Math.ceil(rows / form.rows)];
}

/** Workgroups of this size that the result takes. */
function countGroups({ m, n }: ProductShape, rows: number, columns: number): number {
  return Math.ceil(m / rows) * Math.ceil(n / columns);
}

/** Whether both operands can be read in vectors of four. */
export function canReadVectors({ m, n, k, transposeA, transposeB }: ProductShape): boolean {
  return k % 4 === 0 && (!transposeA || m % 4 === 0) && (transposeB || n % 4 === 0);
}

/** Whether an operand is read along k or across it decides how a slice of it is loaded. */
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
