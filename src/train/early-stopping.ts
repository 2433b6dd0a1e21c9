import { BOOLEAN, COUNT, createArgumentError, NOT_NEGATIVE } from '../arguments/check.ts';
import { describeValue } from '../arguments/describe-value.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import type { Model } from '../layers/sequential.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { EpochProgress } from './progress.ts';

const QUANTITIES = {
  'validation loss': { better: -1, of: ({ validation }: EpochProgress) => validation?.loss },
  'validation accuracy': { better: 1, of: ({ validation }: EpochProgress) => validation?.accuracy },
  'training loss': { better: -1, of: ({ loss }: EpochProgress) => loss },
  'training accuracy': { better: 1, of: ({ accuracy }: EpochProgress) => accuracy },
} as const;

/** When `train` ends before its last epoch. */
export interface EarlyStoppingOptions {
  /** Training ends after this number of consecutive epochs without improvement, an integer from 1. */
  patience: number;
  /** A change counts as an improvement only if it is larger than this number ≥ 0. Default 0. */
  minimumImprovement?: number;
  /** The quantity that has to improve. Default 'validation loss'. */
  on?: keyof typeof QUANTITIES;
  /** Whether the model gets the parameters of the best epoch when training ends, early or not. Default true. */
  restoreBest?: boolean;
}

const OPTIONS: Checks<EarlyStoppingOptions> = {
  patience: COUNT,
  minimumImprovement: NOT_NEGATIVE,
  on: 0,
  restoreBest: BOOLEAN,
};

/** The state of early stopping without the parameters, as a checkpoint stores it. */
export interface EarlyStoppingState {
  readonly on: string;
  readonly bestEpoch: number;
  readonly bestValue: number;
  readonly waited: number;
}

export function readEarlyStopping(given: EarlyStoppingOptions, hasValidation: boolean): EarlyStoppingOptions {
  const options = readOptions('earlyStopping', given, OPTIONS, 'patience');
  const { on = 'validation loss' } = options;
  if (typeof on !== 'string' || !Object.hasOwn(QUANTITIES, on)) {
    throw createArgumentError('earlyStopping: on', on, `one of ${Object.keys(QUANTITIES).join(', ')}`);
  }
  if (on.startsWith('validation') && !hasValidation) {
    throw new RangeError(
      `earlyStopping: on is ${describeValue(on)}, but there are no validation samples; give validation`,
    );
  }
  return options;
}

/** Watches one quantity from epoch to epoch and holds the best parameters. */
export class EarlyStopper {
  readonly on: keyof typeof QUANTITIES;
  private best: { readonly epoch: number; readonly value: number } | undefined;
  private waited = 0;
  private kept: Tensor[] = [];

  constructor(private readonly options: EarlyStoppingOptions) {
    this.on = options.on ?? 'validation loss';
  }

  get hasStopped(): boolean {
    return this.waited >= this.options.patience;
  }
  get bestEpoch(): number | undefined {
    return this.best?.epoch;
  }
  get keepsParameters(): boolean {
    return this.options.restoreBest ?? true;
  }
  /** Parameters of the best epoch so far, in the order of the model; empty before the first epoch ends. */
  get bestParameters(): readonly Tensor[] {
    return this.kept;
  }
  get state(): EarlyStoppingState | undefined {
    const { on, best, waited } = this;
    return best && { on, bestEpoch: best.epoch, bestValue: best.value, waited };
  }

  /** Continues from a stored state. The stopper owns the parameters from now on. */
  resumeFrom({ bestEpoch, bestValue, waited }: EarlyStoppingState, parameters: Tensor[]): void {
    this.dispose();
    this.best = { epoch: bestEpoch, value: bestValue };
    this.waited = waited;
    this.kept = parameters;
  }

  recordEpoch(progress: EpochProgress, model: Model): void {
    const { better, of } = QUANTITIES[this.on];
    const value = of(progress);
    if (value === undefined) throw new Error(`earlyStopping: epoch ${progress.epoch} has no ${this.on}`);
    const gain = this.best ? better * (value - this.best.value) : Number.POSITIVE_INFINITY;
    if (!(gain > (this.options.minimumImprovement ?? 0))) {
      this.waited += 1;
      return;
    }
    this.waited = 0;
    this.best = { epoch: progress.epoch, value };
    if (!this.keepsParameters) return;
    this.dispose();
    // Aliases suffice, since parameters are only ever replaced by new tensors, never written to in place.
    this.kept = model.parameters.map(({ value: parameter }) => model.engine.keepAlias(parameter));
  }

  /** Gives the best parameters to the model. */
  restore(model: Model): void {
    if (this.kept.length === 0) return;
    model.replaceParameters(this.kept);
    this.kept = [];
  }

  dispose(): void {
    for (const tensor of this.kept) tensor.dispose();
    this.kept = [];
  }
}
