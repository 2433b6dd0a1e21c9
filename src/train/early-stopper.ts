/** Ends training early. It is loaded only where the options ask for it. */
import { createMemories } from '../layers/checkpoint/model-state.ts';
import type { Memory } from '../layers/layer.ts';
import type { Model } from '../layers/sequential.ts';
import type { Engine } from '../tensor/engine.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { TrainingRecord } from './checkpoint/load.ts';
import type { EarlyStoppingOptions, EarlyStoppingState, WatchedQuantity } from './early-stopping.ts';
import type { Shared } from './evaluation-parts.ts';
import type { EpochProgress } from './progress.ts';
import type { TaskName } from './task.ts';

interface Quantity {
  /** 1 where more is better, −1 where less is. */
  readonly better: 1 | -1;
  readonly of: (progress: EpochProgress<TaskName>) => number | undefined;
}

const QUANTITIES: Readonly<Record<WatchedQuantity, Quantity>> = {
  'validation loss': { better: -1, of: ({ validation }) => validation?.loss },
  'validation accuracy': { better: 1, of: ({ validation }) => readAccuracy(validation) },
  'training loss': { better: -1, of: ({ loss }) => loss },
  'training accuracy': { better: 1, of: readAccuracy },
};

/** @throws RangeError where an option is wrong. @param shared passed, so that this file imports none of training */
export function readEarlyStopping(
  given: EarlyStoppingOptions,
  hasValidation: boolean,
  { createArgumentError, readOptions }: Shared,
): EarlyStoppingOptions {
  const checks = { patience: 0, minimumImprovement: 0, on: 0, restoreBest: 0 } as const;
  const options = readOptions('earlyStopping', given, checks, 'patience');
  const { patience, minimumImprovement = 0, on = 'validation loss', restoreBest = true } = options;
  const check = (name: keyof EarlyStoppingOptions, isAllowed: boolean, must: string): void => {
    if (!isAllowed) throw createArgumentError(`earlyStopping: ${name}`, options[name], must);
  };
  const names = Object.keys(QUANTITIES);
  check('patience', Number.isInteger(patience) && patience > 0, 'a positive integer');
  const isBound = Number.isFinite(minimumImprovement) && minimumImprovement >= 0;
  check('minimumImprovement', isBound, 'a finite number ≥ 0');
  check('on', names.includes(on), `one of ${names.join(', ')}`);
  check('restoreBest', typeof restoreBest === 'boolean', 'true or false');
  if (on.startsWith('validation') && !hasValidation) {
    throw new RangeError(`earlyStopping: on is "${on}", but there are no validation samples; give validation`);
  }
  return options;
}

/** The accuracy of what has one; undefined for regression. */
function readAccuracy(measured: object | undefined): number | undefined {
  return (measured as { readonly accuracy?: number } | undefined)?.accuracy;
}

/** @param record of the checkpoint from which training continues */
export function createStopper(engine: Engine, options: EarlyStoppingOptions, record?: TrainingRecord): EarlyStopper {
  const stopper = new EarlyStopper(options);
  if (record?.earlyStopping) {
    const { best, bestMemories } = stopper.keepsParameters ? record : { best: [], bestMemories: [] };
    stopper.resumeFrom(record.earlyStopping, {
      parameters: best.map(({ values, shape }) => engine.tensor(values, shape)),
      memories: createMemories(engine, bestMemories),
    });
  }
  return stopper;
}

/** The state of a model at the end of an epoch. */
interface ModelAtEpoch {
  /** Its parameters in their order; empty where nothing is kept. */
  readonly parameters: readonly Tensor[];
  readonly memories: readonly Memory[];
}

const NOTHING: ModelAtEpoch = { parameters: [], memories: [] };

/** Watches one quantity from epoch to epoch and holds the best parameters, with what layers remembered then. */
export class EarlyStopper {
  readonly on: WatchedQuantity;
  private best: { readonly epoch: number; readonly value: number } | undefined;
  private waited = 0;
  private kept = NOTHING;

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
    return this.kept.parameters;
  }
  /** What each layer remembered at the end of the best epoch so far; empty as `bestParameters`. */
  get bestMemories(): readonly Memory[] {
    return this.kept.memories;
  }
  get state(): EarlyStoppingState | undefined {
    const { on, best, waited } = this;
    return best && { on, bestEpoch: best.epoch, bestValue: best.value, waited };
  }

  /** Continues from a stored state. The stopper owns the tensors from now on. */
  resumeFrom({ bestEpoch, bestValue, waited }: EarlyStoppingState, kept: ModelAtEpoch): void {
    this.dispose();
    this.best = { epoch: bestEpoch, value: bestValue };
    this.waited = waited;
    this.kept = kept;
  }

  recordEpoch(progress: EpochProgress<TaskName>, model: Model): void {
    const { better, of } = QUANTITIES[this.on];
    const value = of(progress);
    if (value === undefined) throw new Error(`earlyStopping: epoch ${progress.epoch} has no ${this.on}`);
    // Whatever can be compared is better than NaN, as a loss of the caller's own may be at first.
    const isFirst = !this.best || (Number.isNaN(this.best.value) && !Number.isNaN(value));
    const gain = this.best && !isFirst ? better * (value - this.best.value) : Number.POSITIVE_INFINITY;
    if (!(gain > (this.options.minimumImprovement ?? 0))) {
      this.waited += 1;
      return;
    }
    this.waited = 0;
    this.best = { epoch: progress.epoch, value };
    if (!this.keepsParameters) return;
    this.dispose();
    // Aliases suffice, since tensors of models are only ever replaced by new ones, never written to in place.
    const alias = (tensor: Tensor): Tensor => model.engine.keepAlias(tensor);
    this.kept = {
      parameters: model.parameters.map(({ value }) => alias(value)),
      memories: model.memories.map(({ numbers, tensors }) => ({
        numbers: new Map(numbers),
        tensors: new Map([...tensors].map(([name, tensor]) => [name, alias(tensor)])),
      })),
    };
  }

  /** Gives the best parameters to the model, and to its layers what they remembered then. */
  restore(model: Model): void {
    const { parameters, memories } = this.kept;
    if (parameters.length === 0) return;
    const { targetScale } = model;
    model.takeUp(model.engine, parameters, memories);
    model.targetScale = targetScale;
    this.kept = NOTHING;
  }

  dispose(): void {
    const { parameters, memories } = this.kept;
    for (const tensor of parameters) tensor.dispose();
    for (const { tensors } of memories) for (const tensor of tensors.values()) tensor.dispose();
    this.kept = NOTHING;
  }
}
