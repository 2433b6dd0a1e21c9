/** The data and options of support vector machines, and their checks. */
import { AT_LEAST_0, BOOLEAN, checkFinite, createArgumentError, isList } from '../../arguments/check.ts';
import type { Checks } from '../../arguments/options.ts';
import type { Engine } from '../../tensor/engine.ts';
import { engineOf } from '../../tensor/engine-of.ts';
import { formatShape } from '../../tensor/shape.ts';
import { checkTogether, isTensor, TENSOR, type Tensor } from '../../tensor/tensor.ts';
import type { NodeArgument } from '../declarative/node.ts';
import {
  NODE_OPTIONS,
  type NodeOptions,
  type NodeSettings,
  nodeSettings,
  readNodeSelection,
} from '../declarative/options.ts';
import { checkCount, checkPositive } from '../options.ts';

/** The data of a support vector machine. */
export interface SupportVectorData {
  /** [rows, features] */
  X: Tensor;
  /** The classes, [rows]: each −1 or 1, or each 0 or 1. */
  y: Tensor;
  /**
   * Weight cᵢ ≥ 0 of the loss of each row: [rows], or [batch, rows]. A row of weight 0 takes no part. Default 1.
   */
  rowWeights?: Tensor;
  /** Whether there is an intercept, which is not penalised. Default false. */
  intercept?: boolean;
}

/** The data and options of `supportVectorMachine`. */
export interface SupportVectorOptions extends SupportVectorData, NodeOptions {
  /** log C, the natural logarithm of the cost of a margin that is missed by 1: a number, a list, or a tensor [1] or [batch]. */
  logC: number | readonly number[] | Tensor;
  /**
   * Which element of the conservative Jacobian is taken at a kink, a row on the margin with α = 0 or α = C cᵢ: a number q from
   * 0 to 1 for all rows, or a list with one for each. 0 (the default) leaves α at that end of its range, 1 lets it move.
   */
  selection?: number | readonly number[];
  /**
   * Bound of the violation of the optimality conditions, whose scale is 1: a problem is solved if its residual is below this
   * bound, or at the level of rounding. The method ends there by itself. Default 1e-9.
   */
  tolerance?: number;
  /** The largest number of active-set steps of a problem. Default 100,000. */
  limit?: number;
  /** How far yᵢ(xᵢw + b) may be from 1 to count as at a kink, relative to the size of its terms. Default 1e-10. */
  kinkTolerance?: number;
}

/** Options that have a 0 here are checked below. */
export const SUPPORT_VECTOR_DATA: Checks<SupportVectorData> = {
  X: TENSOR,
  y: TENSOR,
  rowWeights: TENSOR,
  intercept: BOOLEAN,
};
export const SUPPORT_VECTOR_OPTIONS: Checks<SupportVectorOptions> = {
  ...NODE_OPTIONS,
  ...SUPPORT_VECTOR_DATA,
  logC: 0,
  selection: 0,
  tolerance: 0,
  limit: 0,
  kinkTolerance: (_, value) => AT_LEAST_0('kinkTolerance: it', value),
};

/** A batch of machines, checked as far as that can be done without reading tensors. */
export interface CheckedSupportVectors {
  readonly what: string;
  readonly engine: Engine;
  readonly args: readonly NodeArgument[];
  readonly rows: number;
  readonly features: number;
  readonly batch: number;
  readonly intercept: boolean;
  /** log C of each problem, or of all; undefined where it is a tensor. */
  readonly logC: readonly number[] | undefined;
  readonly selection: number | Float64Array;
  readonly isSelected: boolean;
  readonly settings: NodeSettings;
  readonly limit: number;
  readonly kinkTolerance: number;
}

/** @throws RangeError that names the option, its value and what is allowed */
export function checkSupportVectors(what: string, options: SupportVectorOptions): CheckedSupportVectors {
  const { X, y, logC, rowWeights, intercept = false, selection, kinkTolerance = 1e-10 } = options;
  const tensors = { X, y, logC, rowWeights };
  const given = Object.entries(tensors).flatMap(([name, value]) => (isTensor(value) ? [[name, value] as const] : []));
  checkTogether(what, Object.fromEntries(given));
  // Any of these may belong to a Program that is being traced, in which nothing can be solved.
  const [engine] = given.map(([name, tensor]) => engineOf(name, tensor));
  if (X.shape.length !== 2 || X.size === 0) {
    throw new RangeError(`X: the shape is ${formatShape(X.shape)}; it must be [rows, features]`);
  }
  const [rows, features] = X.shape;
  if (y.shape.length !== 1 || y.size !== rows) {
    throw new RangeError(`y: the shape is ${formatShape(y.shape)}; X of shape ${formatShape(X.shape)} needs [${rows}]`);
  }
  if (y.node) throw new Error('y: it is being differentiated; it holds classes, and nothing has a derivative in them');
  const batch = countProblems(rows, logC, rowWeights);
  const widths: Readonly<Record<string, number>> = { X: X.size, y: rows, logC: 1, rowWeights: rows };
  return {
    what,
    engine,
    args: given.map(([name, tensor]) => ({
      name,
      tensor,
      width: widths[name],
      isShared: tensor.size === widths[name],
    })),
    rows,
    features,
    batch,
    intercept,
    logC: isTensor(logC) ? undefined : typeof logC === 'number' ? [logC] : logC,
    selection: readNodeSelection(what, selection ?? 0, rows, 'rows'),
    isSelected: selection !== undefined,
    settings: nodeSettings(options, checkPositive('tolerance', options.tolerance ?? 1e-9)),
    limit: checkCount('limit', options.limit ?? 100_000),
    kinkTolerance,
  };
}

function countProblems(rows: number, logC: SupportVectorOptions['logC'], rowWeights: Tensor | undefined): number {
  const isBatched = rowWeights?.shape.length === 2;
  if (rowWeights && (rowWeights.shape.length > 2 || rowWeights.shape[rowWeights.shape.length - 1] !== rows)) {
    throw new RangeError(
      `rowWeights: the shape is ${formatShape(rowWeights.shape)}; it must be [${rows}] or [batch, ${rows}]`,
    );
  }
  const [costs, weighted] = [countCosts(logC), isBatched ? rowWeights.shape[0] : 1];
  if (costs > 1 && weighted > 1 && costs !== weighted) {
    throw new RangeError(`rowWeights: it is for ${weighted} problems; logC is for ${costs}, and 1 serves all`);
  }
  return Math.max(costs, weighted);
}

function countCosts(value: SupportVectorOptions['logC']): number {
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw createArgumentError('logC: it', value, 'finite');
    return 1;
  }
  if (isList(value)) {
    if (value.length === 0) throw new RangeError('logC: the list is empty; it must hold at least one number');
    checkFinite('logC', value);
    return value.length;
  }
  if (!isTensor(value)) throw createArgumentError('logC: it', value, 'a number, a list of numbers or a tensor');
  if (value.shape.length > 1) {
    throw new RangeError(`logC: the shape is ${formatShape(value.shape)}; it must be [1] or [batch]`);
  }
  return value.size;
}
