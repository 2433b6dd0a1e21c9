/** The data and options of sparse models, and their checks. */
import { AT_LEAST_0, BOOLEAN, checkFinite, createArgumentError, isList, isListOf } from '../../arguments/check.ts';
import { describeValue } from '../../arguments/describe-value.ts';
import type { Checks } from '../../arguments/options.ts';
import type { LossName } from '../../solvers/sparse/loss.ts';
import type { Engine } from '../../tensor/engine.ts';
import { engineOf } from '../../tensor/engine-of.ts';
import { formatShape } from '../../tensor/shape.ts';
import { checkTogether, isTensor, TENSOR, type Tensor } from '../../tensor/tensor.ts';
import type { FailurePolicy } from '../failure-policy.ts';
import { checkCount, checkFailurePolicy, checkOneOf, checkPositive, LIMIT_OPTIONS } from '../options.ts';
import { type LimitOptions, RunLimits } from '../run-limits.ts';
import { readGroups, type SparseGroups } from './groups.ts';

export const LOSS_NAMES = { square: 0, logistic: 0, multinomial: 0 } as const satisfies Record<LossName, 0>;
/**
 * The losses of `sparseModel` by name.
 *
 * @useDeclaredType
 */
export type SparseLoss = keyof typeof LOSS_NAMES;

/** The q of groups at a kink; see `SparseModelOptions.selection`. */
export type SparseSelection = 'weak' | 'lars' | number | readonly number[];

/** The data of a sparse model. */
export interface SparseData {
  /** [rows, features] */
  X: Tensor;
  /**
   * The targets. square: [rows], or [rows, tasks] for several tasks. logistic: [rows], each −1 or 1, or each 0 or 1.
   * multinomial: [rows], the number of the class, from 0.
   */
  y: Tensor;
  /**
   * square (default): ½(y − m)², of the sum over the tasks. logistic: log(1 + e^(−ym)), two classes. multinomial: the
   * cross-entropy of `classes` classes, of which each has coefficients of its own.
   */
  loss?: SparseLoss;
  /** The number of classes of the multinomial loss, from 2. */
  classes?: number;
  /**
   * Which coefficients share a norm: entries, each has its own (l1); rows, those of a feature for all tasks or classes; or
   * lists of places in β, row by row, which hold each place once. Default: entries with one output, else rows.
   */
  groups?: SparseGroups;
  /** Penalty of each group relative to λ, ≥ 0: [groups]. A group of weight 0 is free. Default 1. */
  weights?: Tensor;
  /**
   * Weight ωᵢ ≥ 0 of each row: [rows], or [batch, rows], such as 0 in the rows that a fold holds out. An integer weight is the
   * same as so many copies of the row. Default 1.
   */
  rowWeights?: Tensor;
  /** Whether there is an intercept, one for each task or class, which is not penalised. Default false. */
  intercept?: boolean;
  /** Whether every coefficient must be at least 0: with entries as groups, and not multinomial. Default false. */
  nonNegative?: boolean;
}

/** The data and options of `sparseModel`. */
export interface SparseModelOptions extends SparseData, LimitOptions {
  /** log λ, the natural logarithm of the penalty: a number, a list, or a tensor [1] or [batch]. */
  logLambda: number | readonly number[] | Tensor;
  /**
   * Which element of the conservative Jacobian is taken at a kink: the q of groups with ‖∇_g f‖ = λw_g and β_g = 0. weak
   * (the default) is 0, lars is 1; or a number from 0 to 1 for all groups, or a list with one for each.
   */
  selection?: SparseSelection;
  /**
   * Bound of the violation of the optimality conditions, relative to the largest λw_g: a problem is solved if its residual
   * is below this bound, or at the level of rounding. Default 1e-12. For gradients, certificates and intervals the
   * solution is first refined to the level of rounding, whatever the tolerance.
   */
  tolerance?: number;
  /** The largest number of proximal Newton steps of a problem. Default 500. */
  limit?: number;
  /**
   * Where the solve starts, of the shape of β. Default: a problem starts from the solution of the one before it, the first
   * from zeros.
   */
  initial?: Tensor | undefined;
  /** How far from its threshold a gradient may be to count as at a kink, relative to the threshold. Default 1e-10. */
  kinkTolerance?: number;
  /** throw (default): reading anything that depends on a failed solve rejects. report: only the report says so. */
  onFailure?: 'throw' | 'report';
  /** What happens if a gradient is asked for and the solution is not unique. Default warn. */
  onFailedCertificate?: FailurePolicy;
}

/** Options that have a 0 here are checked below. */
export const SPARSE_DATA: Checks<SparseData> = {
  X: TENSOR,
  y: TENSOR,
  loss: 0,
  classes: 0,
  groups: 0,
  weights: TENSOR,
  rowWeights: TENSOR,
  intercept: BOOLEAN,
  nonNegative: BOOLEAN,
};
export const SPARSE_OPTIONS: Checks<SparseModelOptions> = {
  ...LIMIT_OPTIONS,
  ...SPARSE_DATA,
  logLambda: 0,
  selection: 0,
  tolerance: 0,
  limit: 0,
  initial: TENSOR,
  kinkTolerance: (_, value) => AT_LEAST_0('kinkTolerance: it', value),
  onFailure: 0,
  onFailedCertificate: 0,
};

/** The extents of a batch of models. */
export interface SparseExtents {
  readonly rows: number;
  readonly features: number;
  readonly outputs: number;
  readonly batch: number;
  /** Whether β has an axis for outputs. */
  readonly hasOutputs: boolean;
}

/** A batch of models, checked as far as that can be done without reading tensors. */
export interface CheckedSparse extends SparseExtents {
  readonly what: string;
  readonly engine: Engine;
  readonly given: SparseData & Pick<SparseModelOptions, 'logLambda' | 'initial'>;
  readonly loss: LossName;
  readonly groups: readonly Int32Array[];
  readonly intercept: boolean;
  readonly nonNegative: boolean;
  readonly settings: SparseSettings;
}

/** What does not depend on the data. */
interface SparseSettings {
  readonly selection: number | readonly number[];
  readonly tolerance: number;
  readonly limit: number;
  readonly kinkTolerance: number;
  readonly onFailure: 'throw' | 'report';
  readonly onFailedCertificate: FailurePolicy;
  readonly limits: RunLimits;
}

/** There is little but rounding below it. */
const DEFAULT_TOLERANCE = 1e-12;
const KINK_TOLERANCE = 1e-10;

/** @throws RangeError that names the option, its value and what is allowed */
export function checkSparse(what: string, options: SparseModelOptions): CheckedSparse {
  const { X, y, logLambda, weights, rowWeights, initial } = options;
  const tensors = { X, y, logLambda, weights, rowWeights, initial };
  const given = Object.entries(tensors).flatMap(([name, value]) => (isTensor(value) ? [[name, value] as const] : []));
  checkTogether(what, Object.fromEntries(given));
  // Any of these may belong to a Program that is being traced, in which nothing can be solved.
  const [engine] = given.map(([name, tensor]) => engineOf(name, tensor));
  const loss = checkOneOf('loss', options.loss ?? 'square', LOSS_NAMES);
  const extents = readExtents(options, loss);
  const { features, outputs, batch } = extents;
  const { intercept = false, nonNegative = false } = options;
  const groups = readGroups(options.groups, features, outputs);
  if (nonNegative && (loss === 'multinomial' || groups.some(({ length }) => length > 1))) {
    throw new RangeError(
      "nonNegative: it is true, which is for groups of single coefficients and for the losses square and logistic; leave it out, or set groups to 'entries'",
    );
  }
  if (weights && (weights.shape.length !== 1 || weights.size !== groups.length)) {
    throw new RangeError(
      `weights: the shape is ${formatShape(weights.shape)}; it must be [${groups.length}], one for each group`,
    );
  }
  const shape = extents.hasOutputs ? [batch, features, outputs] : [batch, features];
  if (
    initial &&
    (initial.shape.length !== shape.length || initial.shape.some((length, axis) => length !== shape[axis]))
  ) {
    throw new RangeError(`initial: the shape is ${formatShape(initial.shape)}; it must be ${formatShape(shape)}`);
  }
  if (y.node && loss !== 'square') {
    throw new Error(
      `y: it is being differentiated; with the loss ${loss} it holds classes, and nothing has a derivative in them`,
    );
  }
  const settings = readSparseSettings(options, groups.length);
  return { what, engine, given: options, loss, groups, intercept, nonNegative, settings, ...extents };
}

function readExtents(options: SparseModelOptions, loss: LossName): SparseExtents {
  const { X, y, rowWeights, logLambda, classes } = options;
  if (X.shape.length !== 2)
    throw new RangeError(`X: the shape is ${formatShape(X.shape)}; it must be [rows, features]`);
  const [rows, features] = X.shape;
  const isWide = loss === 'square' && y.shape.length === 2;
  if (y.shape[0] !== rows || (y.shape.length !== 1 && !isWide)) {
    const allowed = loss === 'square' ? `[${rows}] or [${rows}, tasks]` : `[${rows}]`;
    throw new RangeError(
      `y: the shape is ${formatShape(y.shape)}; X of shape ${formatShape(X.shape)} needs ${allowed}`,
    );
  }
  if (loss === 'multinomial' && !(Number.isInteger(classes) && (classes as number) >= 2)) {
    throw createArgumentError(
      'classes: it',
      classes,
      'an integer from 2, the number of classes of the multinomial loss',
    );
  }
  if (loss !== 'multinomial' && classes !== undefined) {
    throw new RangeError(
      `classes: it is ${describeValue(classes)}; only the multinomial loss has it, and the loss is ${loss}`,
    );
  }
  const isBatched = rowWeights?.shape.length === 2;
  if (rowWeights && (rowWeights.shape.length > 2 || rowWeights.shape[rowWeights.shape.length - 1] !== rows)) {
    throw new RangeError(
      `rowWeights: the shape is ${formatShape(rowWeights.shape)}; it must be [${rows}] or [batch, ${rows}]`,
    );
  }
  const [penalties, weighted] = [countPenalties(logLambda), isBatched ? rowWeights.shape[0] : 1];
  if (penalties > 1 && weighted > 1 && penalties !== weighted) {
    throw new RangeError(`rowWeights: it is for ${weighted} problems; logLambda is for ${penalties}, and 1 serves all`);
  }
  const outputs = loss === 'multinomial' ? (classes as number) : isWide ? y.shape[1] : 1;
  const hasOutputs = loss === 'multinomial' || isWide;
  return { rows, features, outputs, hasOutputs, batch: Math.max(penalties, weighted) };
}

function countPenalties(value: number | readonly number[] | Tensor): number {
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw createArgumentError('logLambda: it', value, 'finite');
    return 1;
  }
  if (isList(value)) {
    if (value.length === 0) throw new RangeError('logLambda: the list is empty; it must hold at least one number');
    checkFinite('logLambda', value);
    return value.length;
  }
  if (!isTensor(value)) throw createArgumentError('logLambda: it', value, 'a number, a list of numbers or a tensor');
  if (value.shape.length > 1) {
    throw new RangeError(`logLambda: the shape is ${formatShape(value.shape)}; it must be [1] or [batch]`);
  }
  return value.size;
}

function readSparseSettings(options: SparseModelOptions, groups: number): SparseSettings {
  const { onFailure = 'throw', onFailedCertificate = 'warn', kinkTolerance = KINK_TOLERANCE } = options;
  return {
    selection: readSelection(options.selection ?? 'weak', groups),
    tolerance: checkPositive('tolerance', options.tolerance ?? DEFAULT_TOLERANCE),
    limit: checkCount('limit', options.limit ?? 500),
    kinkTolerance,
    onFailure: checkOneOf('onFailure', onFailure, { throw: 0, report: 0 }),
    onFailedCertificate: checkFailurePolicy(onFailedCertificate),
    limits: new RunLimits(options),
  };
}

function readSelection(selection: SparseSelection, groups: number): number | readonly number[] {
  if (selection === 'weak') return 0;
  if (selection === 'lars') return 1;
  const numbers = typeof selection === 'number' ? [selection] : selection;
  if (!isListOf(numbers, (q) => typeof q === 'number' && q >= 0 && q <= 1)) {
    throw createArgumentError('selection: it', selection, "'weak', 'lars', or numbers from 0 to 1");
  }
  if (typeof selection !== 'number' && numbers.length !== groups) {
    throw new RangeError(`selection: it holds ${numbers.length} numbers; there are ${groups} groups`);
  }
  return selection;
}
