/** Reads a sparse model and checks its fields. What the library says of the others names the key itself. */
import { LOSS_NAMES } from '../implicit/sparse/options.ts';
import type { SparseLoss, SparseModelOptions } from '../index.ts';
import { formatValue, InputError } from './io.ts';
import { checkKeys, checkNumber, type JSONObject } from './json.ts';
import { checkList, type Matrix, readMatrix, readNumbers } from './matrix.ts';
import {
  checkBoolean,
  NOT_NEGATIVE,
  type PerProblem,
  perProblemShape,
  readPerProblem,
  readPerRow,
  readRowWeights,
  readShaped,
  SHARE,
} from './model-fields.ts';

/** Minimise Σ ωᵢ ℓ(mᵢ, yᵢ) + λ Σ_g w_g‖β_g‖₂ with m = Xβ + β₀, for one penalty λ or a list of penalties. */
export interface SparseModelInput extends Pick<SparseModelOptions, 'classes' | 'groups' | 'selection'> {
  readonly X: Matrix;
  readonly loss: SparseLoss;
  readonly y: readonly number[];
  /** [rows], or [rows, tasks]. */
  readonly shapeOfTargets: readonly number[];
  /** log λ, although the key of the problem is `lambda`. */
  readonly lambda: PerProblem;
  /** The shape of β of one problem: [features], or [features, tasks or classes]. */
  readonly shapeOfBeta: readonly number[];
  /** w: one weight for each group. */
  readonly weights: readonly number[] | undefined;
  /** ω: one weight for each row. */
  readonly rowWeights: readonly number[] | undefined;
  readonly intercept: boolean | undefined;
  readonly nonNegative: boolean | undefined;
  /** The cotangent of β, in its order, of all problems. */
  readonly v: readonly number[] | undefined;
}

const OPTIONAL = [
  'loss',
  'classes',
  'groups',
  'weights',
  'row_weights',
  'intercept',
  'non_negative',
  'selection',
  'v',
] as const;

export function readSparseModelProblem(object: JSONObject): SparseModelInput {
  checkKeys(object, 'a sparse-model problem', ['kind', 'X', 'y', 'lambda'], OPTIONAL);
  const { weights, row_weights: rowWeights, intercept, non_negative: nonNegative, selection, v } = object;
  const X = readMatrix('X', object.X);
  const loss = readLoss(object.loss);
  const classes = readClasses(object.classes, loss);
  const { y, shapeOfTargets } = readTargets(object.y, X, loss);
  const groups = readGroups(object.groups);
  const outputs = classes ?? shapeOfTargets[1];
  const lambda = readPerProblem('lambda', object.lambda);
  const shapeOfBeta = outputs === undefined ? [X.columns] : [X.columns, outputs];
  if (nonNegative === true) refuseGroups(loss, outputs, groups);
  return {
    X,
    loss,
    ...(classes !== undefined && { classes }),
    y,
    shapeOfTargets,
    lambda,
    shapeOfBeta,
    ...(groups !== undefined && { groups }),
    ...(selection !== undefined && { selection: readSelection(selection) }),
    weights: weights === undefined ? undefined : readNumbers('weights', weights, ...NOT_NEGATIVE),
    rowWeights: rowWeights === undefined ? undefined : readRowWeights(rowWeights, X),
    intercept: intercept === undefined ? undefined : checkBoolean('intercept', intercept),
    nonNegative: nonNegative === undefined ? undefined : checkBoolean('non_negative', nonNegative),
    v: v === undefined ? undefined : readShaped('v', v, perProblemShape(lambda, shapeOfBeta)),
  };
}

function readLoss(value: unknown): SparseLoss {
  if (value === undefined) return 'square';
  const names = Object.keys(LOSS_NAMES) as SparseLoss[];
  const loss = names.find((name) => name === value);
  if (loss) return loss;
  throw new InputError(`loss: it is ${formatValue(value)}; it must be one of ${names.join(', ')}`);
}

function readClasses(value: unknown, loss: SparseLoss): number | undefined {
  if (loss === 'multinomial') {
    const must = 'an integer from 2, the number of classes of the multinomial loss';
    return checkNumber('classes', value ?? null, must, (count) => Number.isInteger(count) && count >= 2);
  }
  if (value === undefined) return undefined;
  throw new InputError(`classes: it is for the multinomial loss; the loss is ${loss}`);
}

function readTargets(value: unknown, X: Matrix, loss: SparseLoss): Pick<SparseModelInput, 'y' | 'shapeOfTargets'> {
  if (loss !== 'square' || !(Array.isArray(value) && Array.isArray(value[0]))) {
    return { y: readPerRow('y', value, X), shapeOfTargets: [X.rows] };
  }
  const { rows, columns, values } = readMatrix('y', value);
  if (rows === X.rows) return { y: Array.from(values), shapeOfTargets: [rows, columns] };
  throw new InputError(`y: it has ${rows} rows; it must have ${X.rows}, one for each row of X`);
}

/** The library checks the places. */
function readGroups(value: unknown): SparseModelOptions['groups'] {
  if (value === undefined || value === 'entries' || value === 'rows') return value;
  const groups = checkList('groups', value, '"entries", "rows", or a list of lists of places in β');
  return groups.map((members, group) => readNumbers(`groups[${group}]`, members));
}

/** The library checks whether there is one for each group. */
function readSelection(value: unknown): SparseModelOptions['selection'] {
  if (value === 'weak' || value === 'lars') return value;
  if (Array.isArray(value)) return readNumbers('selection', value, ...SHARE);
  return checkNumber('selection', value, 'a number from 0 to 1, a list of these, "weak" or "lars"', SHARE[1]);
}

function refuseGroups(loss: SparseLoss, outputs: number | undefined, groups: SparseModelOptions['groups']): void {
  if (loss === 'multinomial') throw new InputError('non_negative: it is for the losses square and logistic');
  const areRows = groups === 'rows' || groups === undefined;
  const areWide = Array.isArray(groups) ? groups.some(({ length }) => length > 1) : areRows && (outputs ?? 1) > 1;
  if (!areWide) return;
  throw new InputError(
    'non_negative: it is for groups of single coefficients; leave it out, or set groups to "entries"',
  );
}
