/** The content of a checkpoint, and how its bytes are read. */
import { type NumberArray, unpack } from '../../layers/checkpoint/bytes.ts';
import {
  arrayIn,
  type MemoryArrays,
  type MemoryNames,
  type ModelContent,
  type ModelState,
  type RememberedByLayer,
  readMemories,
  readModelState,
} from '../../layers/checkpoint/model-state.ts';
import type { EarlyStoppingState } from '../early-stopping.ts';
import type { EpochProgress, Tally } from '../progress.ts';
import type { TaskName } from '../task.ts';
import { fromPlain } from './plain-values.ts';

/** The content of a checkpoint. */
export interface Checkpoint extends ModelState {
  /** The state of training; undefined where the model was saved outside training. */
  readonly training: TrainingRecord | undefined;
  /** The caller's own data, such as a standardisation or the names of classes. */
  readonly extras: unknown;
}

/** The state of training at a checkpoint. */
export interface TrainingRecord {
  /** Settings and data that must be the same for training to resume. */
  readonly configuration: Readonly<Record<string, unknown>>;
  /** The number of finished epochs. */
  readonly epoch: number;
  /** The number of finished steps in the current epoch. */
  readonly step: number;
  /** Sums over the finished steps of the current epoch. */
  readonly tally: Tally;
  /** The loss of every finished step. */
  readonly losses: readonly number[];
  /** The progress that was reported after each epoch. */
  readonly epochs: readonly EpochProgress<TaskName>[];
  /** The memory of the optimiser by name, one array per parameter. */
  readonly optimiser: ReadonlyMap<string, readonly NumberArray[]>;
  /** The state of early stopping; undefined without it. */
  readonly earlyStopping: EarlyStoppingState | undefined;
  /** Parameters of the best epoch if early stopping holds them; otherwise empty. */
  readonly best: readonly NumberArray[];
  /** What each layer remembered at the end of the best epoch, such as the statistics of `batchNorm`; empty as `best`. */
  readonly bestMemories: readonly RememberedByLayer[];
}

/** What a record says of the course of training; see plain-values.ts. */
export type Course = Pick<TrainingRecord, 'tally' | 'epochs' | 'earlyStopping'>;

/** The JSON part of a checkpoint. It names the arrays that hold the rest. */
export interface Content extends ModelContent, Pick<Checkpoint, 'extras'> {
  readonly training?: Omit<TrainingRecord, 'losses' | 'optimiser' | 'best' | 'bestMemories'> & {
    readonly optimiser: readonly string[];
    /** Older checkpoints do not have it. */
    readonly bestMemories?: MemoryNames;
  };
}

export const TRAINING_ARRAYS = {
  best: (index: number) => `best parameter ${index}`,
  optimiser: (name: string, index: number) => `${name} of parameter ${index}`,
  losses: 'losses',
};

export const BEST_MEMORIES: MemoryArrays = {
  numbers: (layer) => `best numbers of layer ${layer}`,
  tensor: (layer, name) => `best tensor ${name} of layer ${layer}`,
};

/**
 * Reads the bytes of a checkpoint.
 * @throws CheckpointError where the bytes are no checkpoint, are cut short or damaged, or have another version of the
 *   format
 */
export function loadCheckpoint(bytes: Uint8Array): Checkpoint {
  const { content, arrays } = unpack(bytes);
  const { extras, counts, training } = content as Content;
  const { tally, epochs, earlyStopping } = training ?? {};
  const several = (count: number, nameOf: (index: number) => string): NumberArray[] =>
    Array.from({ length: count }, (_, index) => arrayIn(arrays, nameOf(index)));
  const model = readModelState(content as Content, arrays);
  return {
    ...model,
    extras,
    training: training && {
      ...training,
      ...(fromPlain({ tally, epochs, earlyStopping }) as Course),
      losses: Array.from(arrayIn(arrays, TRAINING_ARRAYS.losses).values),
      optimiser: new Map(
        training.optimiser.map((name) => [
          name,
          several(counts.parameters, (index) => TRAINING_ARRAYS.optimiser(name, index)),
        ]),
      ),
      best: several(counts.best, TRAINING_ARRAYS.best),
      bestMemories: training.bestMemories
        ? readMemories(training.bestMemories, arrays, BEST_MEMORIES)
        : counts.best > 0
          ? model.memories
          : [],
    },
  };
}
