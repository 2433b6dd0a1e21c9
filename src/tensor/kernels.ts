/** One function for each kernel, on tensors. No tape follows them. */
import {
  ABSENT,
  type ActivationName,
  type ActivationParameters,
  type ElementwiseOperation,
  type IterateCall,
  type IterationName,
  type LassoSizes,
  MAXIMUM_SOLVE_ORDER,
  type MoveOperation,
  type OperandLayout,
  type PassCall,
  passLayout,
  type Reduction,
  type RowsOperation,
  type ScalarOperation,
  STATE_SIZE,
} from '../backends/kernels.ts';
import { broadcastLayout, broadcastShapes, describe, padToFour, type Shape, sameShape, sizeOf } from './shape.ts';
import type { Tensor } from './tensor.ts';

export interface ProductOptions {
  transposeA?: boolean;
  transposeB?: boolean;
  /** [n], added to every row, or [m, n], added entry by entry. */
  bias?: Tensor;
  activation?: ActivationName;
  activationParameters?: ActivationParameters;
  /** α, [1]: with it the result is prox_{αf}((1 − α)·prior + α·t). Needs `prior`. */
  step?: Tensor;
  /** [m, n] */
  scale?: Tensor;
  /** [m, n] */
  prior?: Tensor;
  /** prior − t instead of t. Needs `prior`. */
  residual?: boolean;
}

/** Computes op(A)·op(B), with the fused epilogue of the product kernel. */
export function product(a: Tensor, b: Tensor, options: ProductOptions = {}): Tensor {
  const {
    transposeA = false,
    transposeB = false,
    bias,
    activation = 'identity',
    activationParameters = [0, 0],
    step,
    scale,
    prior,
    residual = false,
  } = options;
  if (a.shape.length !== 2 || b.shape.length !== 2) {
    throw new RangeError(`matmul: the shapes are ${describe(a.shape)} and ${describe(b.shape)}; both must be matrices`);
  }
  const [m, k] = transposeA ? [a.shape[1], a.shape[0]] : a.shape;
  const [inner, n] = transposeB ? [b.shape[1], b.shape[0]] : b.shape;
  if (k !== inner) {
    const shown = (shape: Shape, transposed: boolean): string => `${describe(shape)}${transposed ? ' transposed' : ''}`;
    throw new RangeError(
      `matmul: ${shown(a.shape, transposeA)} and ${shown(b.shape, transposeB)} do not chain (${k} and ${inner})`,
    );
  }
  const call = {
    kernel: 'product' as const,
    m,
    n,
    k,
    transposeA,
    transposeB,
    bias: bias
      ? bias.size === n && bias.shape.length === 1
        ? ('row' as const)
        : ('full' as const)
      : ('none' as const),
    activation,
    activationParameters,
    proximal: step !== undefined,
    residual,
  };
  return a.context.call(call, [a, b, bias, scale, prior, step], [m, n]);
}

/** Applies an element-wise operation, with broadcasting. */
export function elementwise(
  operation: ElementwiseOperation,
  operands: readonly Tensor[],
  parameters: readonly number[] = [],
): Tensor {
  const shape = operands.map((operand) => operand.shape).reduce((a, b) => broadcastShapes(operation, a, b));
  const layouts = operands.map((operand) => broadcastLayout(operand.shape, shape));
  return elementwiseLaidOut(operation, operands, layouts, shape, parameters);
}

/**
 * Applies an element-wise operation whose operands are read with the given layouts: transposed, repeated or in part.
 */
export function elementwiseLaidOut(
  operation: ElementwiseOperation,
  operands: readonly Tensor[],
  layouts: readonly OperandLayout[],
  shape: Shape,
  parameters: readonly number[] = [],
): Tensor {
  const call = { kernel: 'elementwise' as const, operation, shape: padToFour(shape), layouts, parameters };
  return operands[0].context.call(call, operands, shape);
}

export interface Term {
  x: Tensor;
  /** One number for each row, [batch]; default 1. A row with coefficient 0 is left out, even if it holds NaN. */
  coefficient?: Tensor;
  factor?: number;
}

/** Σ factorₜ·cₜ[row]·xₜ over at most three terms of one shape [batch, n]. */
export function combine(...terms: readonly Term[]): Tensor {
  const [rows, columns] = terms[0].x.shape;
  const pick = <Value>(read: (term: Term) => Value): (Value | undefined)[] =>
    [0, 1, 2].map((t) => (terms[t] ? read(terms[t]) : undefined));
  const factors = pick((term) => term.factor ?? 1).map((factor) => factor ?? 0) as [number, number, number];
  const call = { kernel: 'combine' as const, rows, columns, factors };
  return terms[0].x.context.call(
    call,
    [...pick((term) => term.x), ...pick((term) => term.coefficient)],
    terms[0].x.shape,
  );
}

export interface ReduceOptions {
  activation?: ActivationName;
  parameters?: readonly number[];
}

/** Reduces the axes from `first` up to, but not including, `last`; the other axes stay. */
export function reduceAxes(
  operation: Reduction,
  operands: readonly Tensor[],
  first: number,
  last: number,
  { activation = 'identity', parameters = [] }: ReduceOptions = {},
): Tensor {
  const { shape, context } = operands[0];
  const extent = (axes: Shape): number => axes.reduce((size, one) => size * one, 1);
  const call = {
    kernel: 'reduce' as const,
    operation,
    outer: extent(shape.slice(0, first)),
    middle: extent(shape.slice(first, last)),
    inner: extent(shape.slice(last)),
    activation,
    parameters,
  };
  return context.call(call, operands, [...shape.slice(0, first), ...shape.slice(last)]);
}

/** Reduces each row of [batch, n] to one number: [batch]. */
export function reduceRows(operation: Reduction, operands: readonly Tensor[], options: ReduceOptions = {}): Tensor {
  return reduceAxes(operation, operands, 1, operands[0].shape.length, options);
}

/** Reduces all numbers to one, [1]. */
export function reduceAll(operation: Reduction, operand: Tensor): Tensor {
  const flat = operand.context.alias(operand, [1, operand.size]);
  return reduceRows(operation, [flat]);
}

/**
 * Moves rows of x along an axis: row indices[j] to place j, or row j + offset if there are no indices. Rows that x
 * does not have are zeros. Rows of `more` follow those of x, as if both were one tensor.
 */
export function gatherAlong(
  x: Tensor,
  axis: number,
  length: number,
  { indices, offset = 0, more }: { indices?: Tensor; offset?: number; more?: Tensor },
): Tensor {
  const shape = x.shape.map((extent, index) => (index === axis ? length : extent));
  const call = { ...moveCall('gather', x, axis), others: more?.shape[axis] ?? 0, length, offset };
  return x.context.call(call, [x, indices, more], shape);
}

/**
 * Takes the rows of x, [count, …], at the indices: [k, …]. An index outside of x yields a row of zeros.
 * @param indices [k], integers on the device: the traced Program does not depend on them
 */
export function gatherRows(x: Tensor, indices: Tensor): Tensor {
  checkIndices('gatherRows', x, indices);
  return gatherAlong(x, 0, indices.size, { indices });
}

/**
 * Replaces row indices[j] of `store`, [count, …], by row j of `rows`, [k, …]. An index outside of the store is
 * ignored. If an index occurs twice, either row may win.
 * @param indices [k], integers on the device: the traced Program does not depend on them
 */
export function scatterRows(store: Tensor, rows: Tensor, indices: Tensor): Tensor {
  checkIndices('scatterRows', store, indices);
  const needed = [indices.size, ...store.shape.slice(1)];
  if (!sameShape(rows.shape, needed)) {
    throw new RangeError(
      `scatterRows: rows has shape ${describe(rows.shape)}; a store ${describe(store.shape)} and ${indices.size} indices need ${describe(needed)}`,
    );
  }
  const call = { ...moveCall('scatter', store, 0), others: indices.size };
  return store.context.call(call, [store, indices, rows], store.shape);
}

/**
 * Sums rows of x, [k, …]: row r of the result is Σ x[order[t]] over starts[r] ≤ t < starts[r + 1].
 * @param order [k], integers
 * @param starts [length + 1], integers
 */
export function segmentSum(x: Tensor, order: Tensor, starts: Tensor): Tensor {
  const length = starts.size - 1;
  const call = { ...moveCall('segmentSum', x, 0), length };
  return x.context.call(call, [x, order, starts], [length, ...x.shape.slice(1)]);
}

function moveCall(operation: MoveOperation, { shape }: Tensor, axis: number) {
  const outer = sizeOf(shape.slice(0, axis));
  const inner = sizeOf(shape.slice(axis + 1));
  const extent = shape[axis];
  return { kernel: 'move' as const, operation, outer, inner, extent, others: 0, length: extent, offset: 0 };
}

function checkIndices(name: string, { shape }: Tensor, indices: Tensor): void {
  if (shape.length === 0) throw new RangeError(`${name}: the tensor is a scalar; it needs at least one axis`);
  if (indices.shape.length !== 1) {
    throw new RangeError(`${name}: indices has shape ${describe(indices.shape)}; it must have one axis`);
  }
}

/** Applies an operation to each row of x, along its last axis. */
export function rowwise(operation: RowsOperation, x: Tensor, y?: Tensor, parameters: readonly number[] = []): Tensor {
  const columns = x.shape[x.shape.length - 1];
  const call = { kernel: 'rows' as const, operation, rows: x.size / columns, columns, parameters };
  return x.context.call(call, [x, y], x.shape);
}

/** Computes the softmax of each row. */
export function softmaxRows(x: Tensor): Tensor {
  return rowwise('softmax', x);
}

/**
 * Computes prox_{αf} of each row, with softmax = prox_f: softmax(t) for the t with (1 − α)·softmax(t) + αt = x.
 * @param step α > 0, [1]
 */
export function proximalSoftmax(x: Tensor, step: Tensor): Tensor {
  return rowwise('proximalSoftmax', x, step);
}

/** Applies a scalar operation to each sample; an operand holds `batch` numbers, or one number for all samples. */
export function scalarStep(
  operation: ScalarOperation,
  batch: number,
  operands: readonly Tensor[],
  shape: Shape,
  parameters: readonly number[] = [],
): Tensor {
  const shared = operands.map((operand) => operand.size === 1 && batch !== 1);
  return operands[0].context.call({ kernel: 'scalar', operation, batch, shared, parameters }, operands, shape);
}

/** Computes x / y, and 0 where y is 0; [batch]. */
export function ratio(x: Tensor, y: Tensor): Tensor {
  return scalarStep('ratio', x.size, [x, y], [x.size]);
}

/** Solves G[s]·x[s] = r[s], with G [batch, k, k], r [batch, k], k ≤ 16. */
export function denseSolve(g: Tensor, r: Tensor): Tensor {
  const [batch, order] = r.shape;
  if (
    g.shape.length !== 3 ||
    r.shape.length !== 2 ||
    g.shape[0] !== batch ||
    g.shape[1] !== order ||
    g.shape[2] !== order
  ) {
    throw new RangeError(
      `denseSolve: G is ${describe(g.shape)} and r is ${describe(r.shape)}; they must be [batch, k, k] and [batch, k]`,
    );
  }
  if (order > MAXIMUM_SOLVE_ORDER)
    throw new RangeError(`denseSolve: the order is ${order}; at most ${MAXIMUM_SOLVE_ORDER} is allowed`);
  return g.context.call({ kernel: 'solve', batch, order }, [g, r], [batch, order]);
}

/** Computes A⁻¹, [n, n], on a host backend; `InvertCall` says for which matrices. */
export function inverted(matrix: Tensor): Tensor {
  return matrix.context.call({ kernel: 'invert', order: matrix.shape[0] }, [matrix], matrix.shape);
}

/** When each sample of a whole loop stops; see `monitor`. */
export interface StopRule {
  readonly tolerance: Tensor; // [batch] or [1]
  readonly floor: Tensor; // [batch] or [1]
  readonly limit: number;
  readonly staleLimit: number;
  readonly giveUp: boolean;
}

export interface IterateOptions extends StopRule {
  readonly iteration: IterationName;
  /** Whether `iterateRows` uses Anderson acceleration. Default false. */
  readonly accelerated?: boolean;
  /**
   * M: [n, n] for a pass; for `iterateRows` its columns are padded with zeros to a multiple of 4, see
   * `paddedColumns`.
   */
  readonly matrix: Tensor;
  readonly b: Tensor; // [batch, n]
  /** α, [1]; undefined for picard. */
  readonly step: Tensor | undefined;
  /** d, [batch, n], if σ(p) = d∘p; undefined if σ is the activation. */
  readonly slope: Tensor | undefined;
  readonly activation: ActivationName;
  readonly activationParameters: ActivationParameters;
}

/** Samples x, [batch, n], and their state, [5, batch]. */
type Samples = Readonly<Record<'x' | 'state', Tensor>>;

/**
 * Runs an iteration until every sample has stopped, in one kernel call.
 * @param x [batch, n]
 * @param state [5, batch]
 */
export function iterateRows(x: Tensor, state: Tensor, options: IterateOptions): Samples {
  const { matrix, limit, accelerated = false } = options;
  const call = { kernel: 'iterate' as const, accelerated, stride: matrix.shape[1], limit };
  return samplesIn(iteration(call, endToEnd(x, state), options), x, state);
}

export interface ProximalGradientOptions extends StopRule {
  readonly accelerated: boolean;
  /** G of each group, one below the other; columns padded as for `iterateRows`. */
  readonly gram: Tensor;
  readonly moment: Tensor; // c, [batch, features]
  readonly threshold: Tensor; // t, [batch, features]
  /** s, ρ, f and o of `ProximalGradientCall`, end to end: [4·batch]. */
  readonly scalars: Tensor;
}

/**
 * Runs proximal gradient steps for Lasso problems until each problem has stopped; see `ProximalGradientCall`.
 * Tolerance and floor are [batch].
 * @param x β, [batch, features]
 * @param state [5, batch]
 */
export function proximalGradientRows(x: Tensor, state: Tensor, options: ProximalGradientOptions): Samples {
  const { gram, moment, threshold, scalars, tolerance, floor, ...settings } = options;
  const { context } = x;
  const [batch, features] = x.shape;
  const [height, stride] = gram.shape;
  const groups = height / features;
  const call = {
    kernel: 'proximalGradient' as const,
    ...settings,
    groups,
    batch,
    features,
    stride,
  };
  const carried = endToEnd(x, state);
  const operands = [carried, gram, moment, threshold, scalars, tolerance, floor];
  return samplesIn(context.call(call, operands, [carried.size + x.size + batch]), x, state);
}

/** Takes the samples from the start of the result of a whole loop. */
function samplesIn(end: Tensor, x: Tensor, state: Tensor): Samples {
  return { x: part(end, 0, x.shape), state: part(end, x.size, state.shape) };
}

type Fused = Pick<IterateCall, 'kernel' | 'accelerated' | 'stride' | 'limit'> | Pick<PassCall, 'kernel' | 'transposed'>;

function iteration(fused: Fused, carried: Tensor, options: IterateOptions): Tensor {
  const { matrix, b, step, tolerance, floor, slope, limit: _, accelerated: _accelerated, ...settings } = options;
  const [batch, n] = b.shape;
  const shared = { tolerance: tolerance.size === 1, floor: floor.size === 1 };
  const { epsilon } = b.context;
  const call = { ...settings, batch, n, epsilon, shared, ...fused };
  return b.context.call(call, [carried, matrix, b, step, tolerance, floor, slope], carried.shape);
}

/**
 * Runs one pass on the result of the pass before; see `PassCall`.
 * @param transposed whether to multiply by Mᵀ in place of M
 */
export function passRows(carried: Tensor, transposed: boolean, options: IterateOptions): Tensor {
  return iteration({ kernel: 'pass', transposed }, carried, options);
}

/**
 * The operand of the first pass.
 * @param factor the rows that are multiplied in place of x, [batch, n]
 */
export function beforePass(factor: Tensor, x: Tensor, state: Tensor): Tensor {
  const [batch, n] = x.shape;
  return joined(endToEnd(factor, x), state, passLayout(batch, n).end);
}

/** The parts of the result of a pass. */
export function afterPass(carried: Tensor, shape: Shape): Record<'factor' | 'kept' | 'state', Tensor> {
  const { factor, kept, state } = passLayout(shape[0], shape[1]);
  return {
    factor: part(carried, factor, shape),
    kept: part(carried, kept, shape),
    state: part(carried, state, [STATE_SIZE, shape[0]]),
  };
}

/** Puts the numbers of two tensors one after the other. */
export function endToEnd(first: Tensor, second: Tensor): Tensor {
  return joined(first, second, first.size + second.size);
}

/** Puts the numbers of y behind those of x, and zeros behind both, up to `size` numbers. */
function joined(x: Tensor, y: Tensor, size: number): Tensor {
  const flat = (tensor: Tensor): Tensor => tensor.context.alias(tensor, [tensor.size]);
  return gatherAlong(flat(x), 0, size, { more: flat(y) });
}

/** Takes as many numbers of x as the shape holds, from `offset` on. */
export function part(x: Tensor, offset: number, shape: Shape): Tensor {
  return x.context.alias(gatherAlong(x, 0, sizeOf(shape), { offset }), shape);
}

/** Appends columns of zeros until the number of columns is a multiple of 4. */
export function paddedColumns(matrix: Tensor): Tensor {
  const columns = Math.ceil(matrix.shape[1] / 4) * 4;
  return columns === matrix.shape[1] ? matrix : gatherAlong(matrix, 1, columns, {});
}

/** Runs coordinate descent, for one problem after the other; see `CoordinateDescentCall`. */
export function coordinateDescent(operands: readonly Tensor[], sizes: LassoSizes, limit: number): Tensor {
  const call = { kernel: 'coordinateDescent' as const, ...sizes, limit };
  return operands[0].context.call(call, operands, [sizes.batch, sizes.features + 1]);
}

/** Solves Lasso problems to rounding by a homotopy; see `HomotopyCall`. */
export function homotopy(operands: readonly Tensor[], sizes: LassoSizes, limit: number, capacity: number): Tensor {
  const call = { kernel: 'homotopy' as const, ...sizes, limit, capacity };
  return operands[0].context.call(call, operands, [sizes.batch, sizes.features + 2]);
}

/** The slots of operands; an absent operand becomes the number that kernels expect for it. */
export function slotsOf(inputs: readonly (Tensor | undefined)[], slotOf: (tensor: Tensor) => number): number[] {
  return inputs.map((input) => (input === undefined ? ABSENT : slotOf(input)));
}
