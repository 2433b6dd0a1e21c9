/** Chooses the penalty or the cost of a model, compares with a grid, and fits the model to all rows. */
import { random } from '../../../data/random.ts';
import {
  crossValidation,
  type Engine,
  heldOut,
  type LineTuneOptions,
  type LineTuneResult,
  type SparseCertificate,
  type SparseData,
  type SupportVectorCertificate,
  sparseModel,
  supportVectorMachine,
  type Tensor,
  tuneSparseModel,
  tuneSupportVectorMachine,
} from '../../../index.ts';
import type { RowSplit } from '../criterion.ts';
import type { ModelData } from './data.ts';
import { modelOf } from './models.ts';

/** The criterion at log λ, or at log C. */
export interface StrengthPoint {
  readonly at: number;
  readonly value: number;
  readonly slope: number | undefined;
}

/** A model that is fitted to all rows. */
export interface FittedModel {
  /** Features × outputs, of the standardised features. */
  readonly beta: Float64Array;
  /** One for each output. */
  readonly intercept: Float64Array;
  readonly certificate: SparseCertificate | SupportVectorCertificate;
  /** α of a support vector machine. */
  readonly alpha?: Float64Array;
}

/** What was found, on the scale of all rows. */
export interface ModelSearch {
  readonly best: StrengthPoint;
  readonly visited: readonly StrengthPoint[];
  readonly ended: LineTuneResult['ended'];
  readonly solves: number;
}

/** Data of some rows as tensors. */
interface Rows {
  readonly X: Tensor;
  readonly y: Tensor;
  readonly rowWeights?: Tensor;
}

export interface ModelSettings {
  readonly optimiser: 'descent' | 'grid';
  readonly limit: number | undefined;
  readonly nonNegative: boolean;
}

/** By how much penalties fall over a grid: as `equilibra tune` of the Lasso has it. */
const DEPTHS = { tall: Math.log(1e4), wide: Math.log(100) };

export class ModelTuning {
  /** The number of points of a grid. Each machine is solved exactly, which takes longer. */
  readonly points: number;
  private readonly whole: Rows;
  /** √(the number of its features) of each group, so that large groups are not preferred (Yuan & Lin 2006). */
  private readonly weights: Tensor | undefined;
  private readonly fitted: Rows;
  private readonly criterion: LineTuneOptions['criterion'];
  /** log of the share of the rows that are fitted: losses are sums, so that penalties grow with the rows. */
  private readonly shift: number;

  constructor(
    private readonly engine: Engine,
    private readonly data: ModelData,
    { held, folds, seed }: RowSplit,
    private readonly settings: ModelSettings,
    private readonly signal: AbortSignal,
  ) {
    const { count } = data.scaled;
    const all = Array.from({ length: count }, (_, row) => row);
    this.whole = this.take(all);
    this.weights = data.groups && engine.tensor(data.groups.map((group) => Math.sqrt(group.features.length)));
    this.points = modelOf(data.model).loss === undefined ? 20 : 100;
    if (held === undefined) {
      this.fitted = this.whole;
      this.criterion = crossValidation({ folds, seed });
      this.shift = 0;
      return;
    }
    const order = [...random(seed).permutation(count)];
    const [judged, fitted] = [order.slice(0, held), order.slice(held).sort((a, b) => a - b)];
    this.fitted = this.take(fitted);
    this.criterion = heldOut(this.take(judged));
    this.shift = Math.log(fitted.length / count);
  }

  search(onProgress: (point: StrengthPoint) => void): Promise<ModelSearch> {
    const { optimiser, limit } = this.settings;
    if (optimiser === 'grid') return this.grid();
    return this.tune({ optimiser, ...(limit !== undefined && { limit }) }, onProgress);
  }

  grid(): Promise<ModelSearch> {
    const { count, features } = this.data.scaled;
    const depth = count > features ? DEPTHS.tall : DEPTHS.wide;
    return this.tune({ optimiser: 'grid', points: this.points, depth });
  }

  /** @param at log λ, or log C */
  async fit(at: number): Promise<FittedModel> {
    const { data, signal, whole } = this;
    const { loss } = modelOf(data.model);
    return this.engine.tidy(async (scope) => {
      const rows = Object.fromEntries(Object.entries(whole).map(([name, tensor]) => [name, scope.use(tensor)]));
      const used = rows as unknown as Rows;
      if (!loss) {
        const machine = supportVectorMachine({ ...used, intercept: data.intercept, logC: at, signal });
        const { beta, intercept, alpha } = machine;
        const [w, b, a] = await Promise.all([beta.data(), intercept.data(), alpha.data()]);
        const certificate = await machine.certificate();
        return { beta: toFloat64(w), intercept: toFloat64(b), alpha: toFloat64(a), certificate };
      }
      const model = sparseModel({ ...used, ...this.options(), logLambda: at, signal });
      const [beta, intercept] = await Promise.all([model.beta.data(), model.intercept.data()]);
      return { beta: toFloat64(beta), intercept: toFloat64(intercept), certificate: await model.certificate() };
    });
  }

  private async tune(
    given: Omit<LineTuneOptions, 'criterion' | 'signal'>,
    onProgress: (point: StrengthPoint) => void = () => {},
  ): Promise<ModelSearch> {
    const { data, criterion, signal, fitted, shift } = this;
    const options = { ...fitted, ...given, criterion, signal };
    if (modelOf(data.model).loss === undefined) {
      // C is for the rows that are fitted, and less for more of them.
      const convert = ({ logC, value, slope }: { logC: number; value: number; slope: number | undefined }) => ({
        at: logC + shift,
        value,
        slope,
      });
      const result = await tuneSupportVectorMachine({
        ...options,
        intercept: data.intercept,
        onProgress: (visit) => onProgress(convert(visit)),
      });
      return summarise(result, result.visited.map(convert));
    }
    const convert = ({ logLambda, value, slope }: { logLambda: number; value: number; slope: number | undefined }) => ({
      at: logLambda - shift,
      value: value * this.unit,
      slope: slope === undefined ? undefined : slope * this.unit,
    });
    const result = await tuneSparseModel({
      ...options,
      ...this.options(),
      onProgress: (visit) => onProgress(convert(visit)),
    });
    return summarise(result, result.visited.map(convert));
  }

  /** Some of the rows, in this order. */
  private take(rows: readonly number[]): Rows {
    const { engine, data } = this;
    const { X, features } = data.scaled;
    const outputs = data.tasks?.length ?? 1;
    const pick = (values: Float64Array, width: number): number[] =>
      rows.flatMap((row) => Array.from(values.subarray(row * width, (row + 1) * width)));
    return {
      X: engine.tensor(pick(X, features), [rows.length, features]),
      y: engine.tensor(pick(data.y, outputs), data.tasks ? [rows.length, outputs] : [rows.length]),
      ...(data.rowWeights && { rowWeights: engine.tensor(pick(data.rowWeights, 1)) }),
    };
  }

  /** The square loss is half of the squared error. */
  private get unit(): number {
    return modelOf(this.data.model).loss === 'square' ? 2 : 1;
  }

  private options(): Omit<SparseData, 'X' | 'y' | 'rowWeights'> {
    const { model, intercept, classes, groups } = this.data;
    const { loss } = modelOf(model);
    const { nonNegative } = this.settings;
    return {
      intercept,
      ...(loss && { loss }),
      ...(loss === 'multinomial' && classes && { classes: classes.length }),
      ...(groups && { groups: groups.map(({ features }) => features), weights: this.weights }),
      ...(nonNegative && { nonNegative }),
    };
  }
}

function summarise(result: LineTuneResult, visited: readonly StrengthPoint[]): ModelSearch {
  const best = visited.reduce((a, b) => (b.value < a.value ? b : a));
  return { best, visited, ended: result.ended, solves: result.solves };
}

const toFloat64 = (numbers: ArrayLike<number>): Float64Array => Float64Array.from(numbers);
