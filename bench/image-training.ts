/** Trains one network on images, an epoch at a time, in the page or the process in which this is loaded. */
import { cifarFromFiles, type ImageDataset, imagesFromFiles, type NamedFile, type Samples } from '../src/data/index.ts';
import {
  adam,
  type Engine,
  type EpochProgress,
  evaluate,
  type Model,
  open,
  type Progress,
  train,
} from '../src/index.ts';
import { countParameters, IMAGE_NETWORKS, IMAGE_SETS, type ImageSetName, RATE } from './image-networks.ts';

export interface ImageAssignment {
  readonly set: ImageSetName;
  /** A name of `IMAGE_NETWORKS`. */
  readonly network: string;
  readonly seed: number;
  readonly epochs: number;
  readonly batch: number;
  readonly threads: number;
  /** How many images of each part are taken at most. Default: all. */
  readonly images?: number | undefined;
  /** Where the files of the data set are: addresses for a page, paths for Node. */
  readonly files: readonly { readonly name: string; readonly address: string }[];
}

export interface ImageTrainingDescription {
  readonly parameters: number;
  /** Images of the training part and of the test part. */
  readonly images: readonly [number, number];
}

/** An epoch of training, before its evaluation. */
export type EpochFigures = Pick<EpochProgress, 'loss' | 'seconds' | 'iterationsForward' | 'iterationsBackward'>;

export interface ImageMemory {
  /** Those of the engine: live, kept for reuse, and of Programs. */
  readonly bytes: number;
  /** The greatest resident size of the process so far; absent in a page, which cannot know it. */
  readonly residentBytes?: number;
  /** The number of threads that have worked. */
  readonly threads: number | undefined;
}

let opened: ImageTraining | undefined;

/** Reads the data and makes the network. */
export async function openTraining(assignment: ImageAssignment): Promise<ImageTrainingDescription> {
  const data = takeFirst(await readImages(assignment), assignment.images);
  const engine = await open({ backend: 'wasm', threads: assignment.threads });
  const model = IMAGE_NETWORKS[assignment.network](IMAGE_SETS[assignment.set]);
  model.initialise(engine, assignment.seed);
  opened = new ImageTraining(engine, model, data, assignment);
  return { parameters: countParameters(model), images: [data.train.count, data.test.count] };
}

export async function trainEpoch(): Promise<EpochFigures> {
  return current().nextEpoch();
}

/** The share of the test part that the network classifies rightly. */
export async function testAccuracy(): Promise<number> {
  return current().accuracy();
}

export async function memoryInUse(): Promise<ImageMemory> {
  return current().memory();
}

function current(): ImageTraining {
  if (!opened) throw new Error('no training was opened');
  return opened;
}

/** A training that waits after each epoch until the next one is asked for. */
class ImageTraining {
  private started = false;
  private proceed = (): void => {};
  private arrive = (_: EpochFigures): void => {};
  private fail = (_: unknown): void => {};

  constructor(
    private readonly engine: Engine,
    private readonly model: Model,
    private readonly data: ImageDataset,
    private readonly assignment: ImageAssignment,
  ) {}

  nextEpoch(): Promise<EpochFigures> {
    return new Promise((fulfil, reject) => {
      [this.arrive, this.fail] = [fulfil, reject];
      if (this.started) this.proceed();
      else this.start();
    });
  }

  async accuracy(): Promise<number> {
    const { batch } = this.assignment;
    return (await evaluate(this.model, this.data.test, { batch })).accuracy;
  }

  memory(): ImageMemory {
    const { bytes, pooledBytes, programBytes } = this.engine.memory();
    const used = { bytes: bytes + pooledBytes + programBytes, threads: this.engine.adapter.threadsUsed };
    if (typeof document !== 'undefined') return used;
    return { ...used, residentBytes: process.resourceUsage().maxRSS * 1024 };
  }

  private start(): void {
    this.started = true;
    const { epochs, batch, seed } = this.assignment;
    const onProgress = (progress: Progress): Promise<void> | undefined => {
      if (progress.kind === 'step') return undefined;
      const { loss, seconds, iterationsForward, iterationsBackward } = progress;
      this.arrive({ loss, seconds, iterationsForward, iterationsBackward });
      return new Promise((fulfil) => {
        this.proceed = fulfil;
      });
    };
    train(this.engine, this.model, this.data.train, {
      ...{ epochs, batch, seed, onProgress },
      optimiser: adam({ rate: RATE }),
    }).then(
      () => this.fail(new Error(`all ${epochs} epochs are done`)),
      (error: unknown) => this.fail(error),
    );
  }
}

async function readImages({ set, files }: ImageAssignment): Promise<ImageDataset> {
  const read: NamedFile[] = await Promise.all(
    files.map(async ({ name, address }) => ({ name, bytes: await readAddress(address) })),
  );
  return set === 'cifar' ? cifarFromFiles(read, { standardise: true }) : imagesFromFiles(read, { standardise: true });
}

async function readAddress(address: string): Promise<Uint8Array> {
  if (typeof document === 'undefined') return (await import('node:fs/promises')).readFile(address);
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

function takeFirst(data: ImageDataset, images = Number.POSITIVE_INFINITY): ImageDataset {
  const cut = (samples: Samples): Samples => {
    const count = Math.min(images, samples.count);
    const inputs = samples.inputs.subarray(0, count * samples.features);
    return { ...samples, inputs, labels: samples.labels.subarray(0, count), count };
  };
  return { ...data, train: cut(data.train), test: cut(data.test) };
}
