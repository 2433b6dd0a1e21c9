/** What may have to improve from epoch to epoch. */
export type WatchedQuantity = 'validation loss' | 'validation accuracy' | 'training loss' | 'training accuracy';

/** When `train` ends before its last epoch. */
export interface EarlyStoppingOptions {
  /** Training ends after this number of consecutive epochs without improvement, an integer from 1. */
  patience: number;
  /** A change counts as an improvement only if it is larger than this number ≥ 0. Default 0. */
  minimumImprovement?: number;
  /** The quantity that has to improve. Default 'validation loss'. */
  on?: WatchedQuantity;
  /**
   * Whether the model gets the parameters of the best epoch when training ends, early or not, and what layers remembered
   * at its end, such as the statistics of `batchNorm`. Default true.
   */
  restoreBest?: boolean;
}

/** The state of early stopping without the parameters, as a checkpoint stores it. */
export interface EarlyStoppingState {
  /** What is watched. */
  readonly on: string;
  /** The epoch of the best value, from 1. */
  readonly bestEpoch: number;
  /** The best value so far. */
  readonly bestValue: number;
  /** The epochs since then. */
  readonly waited: number;
}
