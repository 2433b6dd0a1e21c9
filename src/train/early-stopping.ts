import { BOOLEAN, COUNT, createArgumentError, NOT_NEGATIVE } from '../arguments/check.ts';
import { describeValue } from '../arguments/describe-value.ts';
import { type Checks, readOptions } from '../arguments/options.ts';

const QUANTITIES = ['validation loss', 'validation accuracy', 'training loss', 'training accuracy'] as const;
/** What may have to improve from epoch to epoch. */
export type WatchedQuantity = (typeof QUANTITIES)[number];

/** When `train` ends before its last epoch. */
export interface EarlyStoppingOptions {
  /** Training ends after this number of consecutive epochs without improvement, an integer from 1. */
  patience: number;
  /** A change counts as an improvement only if it is larger than this number ≥ 0. Default 0. */
  minimumImprovement?: number;
  /** The quantity that has to improve. Default 'validation loss'. */
  on?: WatchedQuantity;
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
  if (!QUANTITIES.includes(on)) {
    throw createArgumentError('earlyStopping: on', on, `one of ${QUANTITIES.join(', ')}`);
  }
  if (on.startsWith('validation') && !hasValidation) {
    throw new RangeError(
      `earlyStopping: on is ${describeValue(on)}, but there are no validation samples; give validation`,
    );
  }
  return options;
}
