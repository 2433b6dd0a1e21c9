/** Writes a checkpoint with the state of training. It is loaded when training is to write one. */
import { pack } from '../../layers/checkpoint/pack.ts';
import {
  addMemories,
  arraysOfModel,
  contentOfModel,
  listNumbers,
  namesOf,
} from '../../layers/checkpoint/saved-model.ts';
import {
  BEST_MEMORIES,
  type Checkpoint,
  type Content,
  type Course,
  TRAINING_ARRAYS,
  type TrainingRecord,
} from './load.ts';
import { toPlain } from './plain-values.ts';

export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array<ArrayBuffer> {
  const { training, extras } = checkpoint;
  const arrays = arraysOfModel(checkpoint);
  for (const [index, one] of training?.best.entries() ?? []) arrays.set(TRAINING_ARRAYS.best(index), one);
  addMemories(arrays, training?.bestMemories ?? [], BEST_MEMORIES);
  for (const [name, own] of training?.optimiser ?? []) {
    for (const [index, one] of own.entries()) arrays.set(TRAINING_ARRAYS.optimiser(name, index), one);
  }
  if (training) arrays.set(TRAINING_ARRAYS.losses, listNumbers(training.losses));
  const content: Content = {
    ...contentOfModel(checkpoint, training?.best.length),
    extras,
    ...(training && { training: describeRecord(training) }),
  };
  return pack({ content, arrays });
}

function describeRecord(record: TrainingRecord): Content['training'] {
  const { configuration, epoch, step, tally, epochs, earlyStopping, optimiser, bestMemories } = record;
  const names = { optimiser: [...optimiser.keys()], bestMemories: namesOf(bestMemories) };
  const course = toPlain({ tally, epochs, earlyStopping }) as Course;
  return { configuration, epoch, step, ...course, ...names };
}
