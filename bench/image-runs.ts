/** The trainings of `npm run images`: which there are, and how one is measured. */
import type { Environment, EnvironmentName, Session } from './environment.ts';
import { IMAGE_NETWORKS, type ImageSetName } from './image-networks.ts';
import type { EpochFigures, ImageAssignment, ImageMemory, ImageTrainingDescription } from './image-training.ts';
import type { LoadWatch } from './load.ts';
import { readProcessors } from './processor-times.ts';

export type ImagePlace = Exclude<EnvironmentName, 'python'>;

/** One training. */
export interface ImageRun {
  readonly where: ImagePlace;
  readonly set: ImageSetName;
  readonly network: string;
  readonly seed: number;
}

export interface ImageEpoch extends EpochFigures {
  /** Of the test part, after the epoch, in [0, 1]. */
  readonly accuracy: number;
  /** What all threads of this program and of the browser used; absent where the system does not tell. */
  readonly processorSeconds?: number;
  /** The share of all processors that other programs used. */
  readonly others?: number;
}

export interface ImageFinding extends ImageRun, ImageTrainingDescription, ImageMemory {
  /** Of the browser or of Node. */
  readonly version: string;
  readonly epochs: readonly ImageEpoch[];
}

/** In the order in which they are measured: what is quick to know first. */
export function planRuns(
  places: readonly ImagePlace[],
  sets: readonly ImageSetName[],
  seedsOf: (where: ImagePlace, set: ImageSetName) => number,
): ImageRun[] {
  return places.flatMap((where) =>
    sets.flatMap((set) =>
      Array.from({ length: seedsOf(where, set) }).flatMap((_, seed) =>
        Object.keys(IMAGE_NETWORKS).map((network) => ({ where, set, network, seed })),
      ),
    ),
  );
}

export function isSameRun(a: ImageRun, b: ImageRun): boolean {
  return a.where === b.where && a.set === b.set && a.network === b.network && a.seed === b.seed;
}

/** Trains in a page or a process of its own, so that its memory is its own too. */
export async function measureRun(
  environment: Environment,
  run: ImageRun,
  assignment: Omit<ImageAssignment, keyof ImageRun>,
  watch: LoadWatch,
  onEpoch: (epoch: ImageEpoch, count: number) => void,
): Promise<ImageFinding> {
  const session = await environment.openSession();
  try {
    const { where: _, ...chosen } = run;
    const description = await session.call<ImageTrainingDescription>('openTraining', { ...assignment, ...chosen });
    const epochs: ImageEpoch[] = [];
    let memory: ImageMemory = { bytes: 0, threads: undefined };
    while (epochs.length < assignment.epochs) {
      const epoch = await measureEpoch(session, watch);
      const used = await session.call<ImageMemory>('memoryInUse');
      memory = { ...used, bytes: Math.max(used.bytes, memory.bytes) };
      epochs.push(epoch);
      onEpoch(epoch, epochs.length);
    }
    return { ...run, version: environment.version, ...description, ...memory, epochs };
  } finally {
    await session.close();
  }
}

async function measureEpoch(session: Session, watch: LoadWatch): Promise<ImageEpoch> {
  watch.share();
  const before = readProcessors();
  const figures = await session.call<EpochFigures>('trainEpoch');
  const after = readProcessors();
  const others = watch.share();
  const accuracy = await session.call<number>('testAccuracy');
  const processorSeconds = before && after && (after.own - before.own) / 1000;
  return {
    ...figures,
    accuracy,
    ...(processorSeconds !== undefined && { processorSeconds }),
    ...(others !== undefined && { others }),
  };
}
