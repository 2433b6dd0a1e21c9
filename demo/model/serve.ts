/** What the workers do that hold the rows to show and the model of the latest checkpoint. */
import { preparationFrom } from '../../src/data/index.ts';
import {
  type Checkpoint,
  DeviceLostError,
  type Engine,
  type LayerMaker,
  loadCheckpoint,
  type Model,
  modelFrom,
  monotone,
  open,
} from '../../src/index.ts';
import { inspectTable } from '../tables/facts.ts';
import { type ReadData, readData } from '../train/data.ts';
import type { Options } from '../train/settings.ts';
import { waitForAdapter } from '../workers/adapter.ts';
import { serveCalls } from '../workers/calls.ts';
import type { DeviceFigures, ModelCalls, ModelSummary, ShownRows } from './protocol.ts';
import { followSolver, type Makers } from './reach.ts';

/** The number of held-out rows that the page shows. */
const SHOWN_ROWS = 60;

let engine: Promise<Engine> | undefined;
let checkpoint: Checkpoint | undefined;
let model: Model | undefined;
let shown: ShownRows | undefined;
let layers: Readonly<Record<string, LayerMaker>> = {};

/** Answers the calls of the page. @param images makers of layers besides those that `modelFrom` knows */
export function serveModel(images: Makers = {}): void {
  layers = images;
  serveCalls<ModelCalls>(self, {
    device: () => readDevice(),

    inspect: inspectTable,

    async open(source) {
      const { dataset, columns, featureNames, remarks, options } = await readData(source);
      const { test, train, featureShape, preparation } = dataset;
      shown = selectShown(dataset);
      return {
        name: dataset.name,
        kind: source.kind === 'table' ? 'table' : 'images',
        classNames: 'classNames' in dataset ? dataset.classNames : [],
        targets: 'targetNames' in dataset ? dataset.targetNames : [],
        features: test.features,
        featureShape,
        trainCount: train.count,
        testCount: test.count,
        columns,
        target: options.target,
        featureNames,
        remarks,
        preparation,
        shown,
      };
    },

    async model(bytes) {
      const loaded = loadCheckpoint(bytes);
      await withModel(loaded, async () => {});
      return summarise(loaded);
    },

    predictions: () =>
      withModel(requireModel(checkpoint), async (own) => {
        if (!shown) throw new Error('predictions: no data have been opened yet');
        if (isRegression(shown)) return { numbers: await own.predictValues(shown.inputs) };
        return own.predict(shown.inputs);
      }),

    reach: (input, tell, signal) =>
      withModel(requireModel(checkpoint), (own) => {
        const task = shown && isRegression(shown) ? 'regression' : 'classification';
        return followSolver(own, { monotone, ...layers }, task, input, tell, signal);
      }),
  });
}

function selectShown({ test }: ReadData['dataset']): ShownRows {
  const count = Math.min(SHOWN_ROWS, test.count);
  const inputs = test.inputs.slice(0, count * test.features);
  if ('labels' in test) {
    return { inputs, count, labels: test.labels.slice(0, count), targets: new Float64Array() };
  }
  const width = test.targets.length / test.count;
  return { inputs, count, labels: new Int32Array(), targets: Float64Array.from(test.targets.slice(0, count * width)) };
}

function isRegression({ targets }: ShownRows): boolean {
  return targets.length > 0;
}

function requireModel(loaded: Checkpoint | undefined): Checkpoint {
  if (!loaded) throw new Error('there is no model yet; train one or load a checkpoint');
  return loaded;
}

/** Uses of the model run one after the other, since a newer model disposes the one before. */
let lastUse: Promise<unknown> = Promise.resolve();

function withModel<Result>(wanted: Checkpoint, use: (model: Model) => Promise<Result>): Promise<Result> {
  const result = lastUse.then(() => useOnAnyDevice(wanted, use));
  lastUse = result.catch(() => {}); // whoever awaits the result sees the error
  return result;
}

/** Repeats the work on a new device where the old one is lost. */
async function useOnAnyDevice<Result>(wanted: Checkpoint, use: (model: Model) => Promise<Result>): Promise<Result> {
  try {
    return await use(await loadModel(wanted));
  } catch (error) {
    if (!(error instanceof DeviceLostError)) throw error;
    engine = undefined;
    model = undefined;
    return use(await loadModel(wanted));
  }
}

async function loadModel(wanted: Checkpoint): Promise<Model> {
  engine ??= open();
  const opened = await engine;
  if (wanted !== checkpoint || !model) {
    model?.dispose();
    model = modelFrom(wanted, opened, { layers });
    checkpoint = wanted;
  }
  return model;
}

async function readDevice(): Promise<DeviceFigures> {
  engine ??= open();
  const opened = await engine;
  const { backend } = opened;
  const adapter = await waitForAdapter(opened);
  if (backend === 'webgpu') return { backend, adapter };
  return { backend, adapter, webgpu: await findWebGPUProblem() };
}

async function findWebGPUProblem(): Promise<DeviceFigures['webgpu']> {
  try {
    const found = await open({ backend: 'webgpu' });
    const { description } = found.adapter;
    found.close();
    return { problem: 'software', message: description };
  } catch (error) {
    return { problem: 'absent', message: (error as Error).message };
  }
}

function summarise({ layers, training, extras }: Checkpoint): ModelSummary {
  const { preparation, options, data } = (extras ?? {}) as Record<string, unknown>;
  return {
    inputs: layers[0].inputs,
    outputs: layers[layers.length - 1].outputs,
    about: describeLayer(layers[0]),
    training: training && {
      epoch: training.epoch,
      step: training.step,
      losses: Float64Array.from(training.losses),
      epochs: training.epochs,
    },
    options: areTexts(options) ? options : undefined,
    data: isOrigin(data) ? data : undefined,
    preparation: preparation === undefined ? undefined : preparationFrom(preparation),
  };
}

function describeLayer({ kind, outputs, options }: Checkpoint['layers'][number]): string {
  const { channels } = (options ?? {}) as Record<string, unknown>;
  return kind === 'monotoneConvolution' ? `a convolution of ${channels} channels` : `a layer of width ${outputs}`;
}

function areTexts(value: unknown): value is Options {
  return typeof value === 'object' && value !== null && Object.values(value).every((each) => typeof each === 'string');
}

function isOrigin(value: unknown): value is ModelSummary['data'] {
  const { name, bundled } = (value ?? {}) as Record<string, unknown>;
  return typeof name === 'string' && typeof bundled === 'boolean';
}
