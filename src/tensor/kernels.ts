/** One function for each kernel that computes, on tensors. No tape follows them. */
import {
  ABSENT,
  type ActivationName,
  type ActivationParameters,
  type ElementwiseOperation,
  MAXIMUM_SOLVE_ORDER,
  type OperandLayout,
  type Reduction,
  type RowsOperation,
  type ScalarOperation,
} from '../backends/kernels.ts';
import { broadcastLayout, broadcastShapes, formatShape, padToFour, type Shape } from './shape.ts';
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
    throw new RangeError(
      `matmul: the shapes are ${formatShape(a.shape)} and ${formatShape(b.shape)}; both must be matrices`,
    );
  }
  const [m, k] = transposeA ? [a.shape[1], a.shape[0]] : a.shape;
  const [inner, n] = transposeB ? [b.shape[1], b.shape[0]] : b.shape;
  if (k !== inner) {
    const shown = (shape: Shape, transposed: boolean): string =>
      `${formatShape(shape)}${transposed ? ' transposed' : ''}`;
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

interface Term {
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

interface ReduceOptions {
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
export function divideOrZero(x: Tensor, y: Tensor): Tensor {
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
      `denseSolve: G is ${formatShape(g.shape)} and r is ${formatShape(r.shape)}; they must be [batch, k, k] and [batch, k]`,
    );
  }
  if (order > MAXIMUM_SOLVE_ORDER)
    throw new RangeError(`denseSolve: the order is ${order}; at most ${MAXIMUM_SOLVE_ORDER} is allowed`);
  return g.context.call({ kernel: 'solve', batch, order }, [g, r], [batch, order]);
}

/** Computes A⁻¹, [n, n], on a host backend; `InvertCall` says for which matrices. */
export function invertMatrix(matrix: Tensor): Tensor {
  return matrix.context.call({ kernel: 'invert', order: matrix.shape[0] }, [matrix], matrix.shape);
}

/** The slots of operands; an absent operand becomes the number that kernels expect for it. */
export function slotsOf(inputs: readonly (Tensor | undefined)[], slotOf: (tensor: Tensor) => number): number[] {
  return inputs.map((input) => (input === undefined ? ABSENT : slotOf(input)));
}
