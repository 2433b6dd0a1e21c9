/** The content of a checkpoint, and its conversion to bytes and back. */
import { createArgumentCheck, isList, isListOf, OBJECT } from '../../arguments/check.ts';
import { type Checks, readOptions } from '../../arguments/options.ts';
import { describeLayer, type LayerDescription, type LayerMaker, layerFrom } from '../../layers/description.ts';
import type { Memory } from '../../layers/layer.ts';
import { MODEL, type Model, sequential } from '../../layers/sequential.ts';
import { ENGINE, type Engine } from '../../tensor/engine.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { EarlyStoppingState } from '../early-stopping.ts';
import type { EpochProgress, Tally } from '../progress.ts';
import { CheckpointError, type NumberArray, pack, unpack } from './bytes.ts';
import { checkExtras } from './options.ts';

/** The content of a checkpoint. */
export interface Checkpoint {
  /** The layers of the model, in order. */
  readonly layers: readonly LayerDescription[];
  /** The parameters of all layers, in the order of the layers. */
  readonly parameters: readonly NumberArray[];
  /** What each layer remembers from one training step to the next. */
  readonly memories: readonly RememberedByLayer[];
  /** The state of training; undefined where the model was saved outside training. */
  readonly training: TrainingRecord | undefined;
  /** The caller's own data, such as a standardisation or the names of classes. */
  readonly extras: unknown;
}

/** What a layer remembers from one training step to the next, by name. */
export interface RememberedByLayer {
  /** Numbers by name. */
  readonly numbers: ReadonlyMap<string, number>;
  /** Tensors by name. */
  readonly tensors: ReadonlyMap<string, NumberArray>;
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
  readonly epochs: readonly EpochProgress[];
  /** The memory of the optimiser by name, one array per parameter. */
  readonly optimiser: ReadonlyMap<string, readonly NumberArray[]>;
  /** The state of early stopping; undefined without it. */
  readonly earlyStopping: EarlyStoppingState | undefined;
  /** Parameters of the best epoch if early stopping holds them; otherwise empty. */
  readonly best: readonly NumberArray[];
}

/** The JSON part of a checkpoint. It names the arrays that hold the rest. */
interface Content extends Pick<Checkpoint, 'layers' | 'extras'> {
  readonly counts: { readonly parameters: number; readonly best: number };
  readonly memories: readonly { readonly numbers: readonly string[]; readonly tensors: readonly string[] }[];
  readonly training?: Omit<TrainingRecord, 'losses' | 'optimiser' | 'best'> & { readonly optimiser: readonly string[] };
}

const ARRAY_NAMES = {
  parameter: (index: number) => `parameter ${index}`,
  best: (index: number) => `best parameter ${index}`,
  numbers: (layer: number) => `numbers of layer ${layer}`,
  tensor: (layer: number, name: string) => `tensor ${name} of layer ${layer}`,
  optimiser: (name: string, index: number) => `${name} of parameter ${index}`,
  losses: 'losses',
};

export function encodeCheckpoint({
  layers,
  parameters,
  memories,
  training,
  extras,
}: Checkpoint): Uint8Array<ArrayBuffer> {
  const arrays = new Map<string, NumberArray>();
  const list = (values: Iterable<number>): NumberArray => {
    const numbers = Float64Array.from(values);
    return { shape: [numbers.length], values: numbers };
  };
  for (const [index, one] of parameters.entries()) arrays.set(ARRAY_NAMES.parameter(index), one);
  for (const [layer, { numbers, tensors }] of memories.entries()) {
    arrays.set(ARRAY_NAMES.numbers(layer), list(numbers.values()));
    for (const [name, one] of tensors) arrays.set(ARRAY_NAMES.tensor(layer, name), one);
  }
  for (const [index, one] of training?.best.entries() ?? []) arrays.set(ARRAY_NAMES.best(index), one);
  for (const [name, own] of training?.optimiser ?? []) {
    for (const [index, one] of own.entries()) arrays.set(ARRAY_NAMES.optimiser(name, index), one);
  }
  if (training) arrays.set(ARRAY_NAMES.losses, list(training.losses));
  const content: Content = {
    layers,
    extras,
    counts: { parameters: parameters.length, best: training?.best.length ?? 0 },
    memories: memories.map(({ numbers, tensors }) => ({ numbers: [...numbers.keys()], tensors: [...tensors.keys()] })),
    ...(training && { training: describeRecord(training) }),
  };
  return pack({ content, arrays });
}

function describeRecord(record: TrainingRecord): Content['training'] {
  const { configuration, epoch, step, tally, epochs, earlyStopping, optimiser } = record;
  return { configuration, epoch, step, tally, epochs, earlyStopping, optimiser: [...optimiser.keys()] };
}

/**
 * Reads the bytes of a checkpoint.
 * @throws CheckpointError where the bytes are no checkpoint, are cut short or damaged, or have another version of the
 *   format
 */
export function loadCheckpoint(bytes: Uint8Array): Checkpoint {
  const { content, arrays } = unpack(bytes);
  const { layers, extras, counts, memories, training } = content as Content;
  const at = (place: string): NumberArray => {
    const found = arrays.get(place);
    if (!found) throw new CheckpointError(`checkpoint: the array ${JSON.stringify(place)} is missing`);
    return found;
  };
  const several = (count: number, place: (index: number) => string): NumberArray[] =>
    Array.from({ length: count }, (_, index) => at(place(index)));
  return {
    layers,
    extras,
    parameters: several(counts.parameters, ARRAY_NAMES.parameter),
    memories: memories.map(({ numbers, tensors }, layer) => ({
      numbers: new Map(numbers.map((name, index) => [name, at(ARRAY_NAMES.numbers(layer)).values[index]])),
      tensors: new Map(tensors.map((name) => [name, at(ARRAY_NAMES.tensor(layer, name))])),
    })),
    training: training && {
      ...training,
      losses: Array.from(at(ARRAY_NAMES.losses).values),
      optimiser: new Map(
        training.optimiser.map((name) => [
          name,
          several(counts.parameters, (index) => ARRAY_NAMES.optimiser(name, index)),
        ]),
      ),
      best: several(counts.best, ARRAY_NAMES.best),
    },
  };
}

/** Reads tensors back, all at once. */
export async function readNumbers(tensors: readonly Tensor[]): Promise<NumberArray[]> {
  return Promise.all(tensors.map(async (tensor) => ({ shape: tensor.shape, values: await tensor.data() })));
}

/** Reads the model's part of a checkpoint. */
export async function takeSnapshot(model: Model): Promise<Pick<Checkpoint, 'layers' | 'parameters' | 'memories'>> {
  const remembered = async ({ numbers, tensors }: Memory): Promise<RememberedByLayer> => {
    const names = [...tensors.keys()];
    const kept = new Map(numbers);
    const values = await readNumbers([...tensors.values()]);
    return { numbers: kept, tensors: new Map(names.map((name, index) => [name, values[index]])) };
  };
  const [parameters, memories] = await Promise.all([
    readNumbers(model.parameters.map(({ value }) => value)),
    Promise.all(model.memories.map(remembered)),
  ]);
  return { layers: model.layers.map(describeLayer), parameters, memories };
}

/**
 * Writes a checkpoint of a model: its layers, their parameters and what they remember. The checkpoints that `train`
 * writes also hold the state of training.
 * @param options.extras your own data, to be stored as JSON
 * @returns the bytes of the checkpoint
 */
export async function saveCheckpoint(model: Model, options?: { extras?: unknown }): Promise<Uint8Array<ArrayBuffer>> {
  MODEL('saveCheckpoint: model', model);
  const { extras } = readOptions('saveCheckpoint', options, { extras: 0 });
  checkExtras('saveCheckpoint', extras);
  return encodeCheckpoint({ ...(await takeSnapshot(model)), training: undefined, extras });
}

/** Options of `modelFrom`. */
export interface ModelFromOptions {
  /** Functions that make layers of your own, by kind. They receive the `options` that the layer had. */
  layers?: Readonly<Record<string, LayerMaker>>;
  /** 'best' takes the parameters of the best epoch, which early stopping stores. Default 'latest'. */
  parameters?: 'latest' | 'best';
}

const OPTIONS: Checks<ModelFromOptions> = {
  layers: OBJECT,
  parameters: createArgumentCheck('latest or best', (value) => value === 'latest' || value === 'best'),
};

const CHECKPOINT = /* @__PURE__ */ createArgumentCheck('a checkpoint', (value) => {
  const { layers, parameters, memories, training } = (value ?? {}) as Checkpoint;
  const areArrays = (all: readonly NumberArray[]): boolean =>
    isListOf(all, (each: NumberArray) => Boolean(each?.values));
  const isMemory = (one: RememberedByLayer): boolean => one?.numbers instanceof Map && one.tensors instanceof Map;
  const isTrained = training === undefined || areArrays(training?.best);
  return isTrained && isList(layers) && areArrays(parameters) && isListOf(memories, isMemory);
});

/**
 * Makes the model of a checkpoint, with its parameters on the engine.
 * @throws RangeError where the kind of a layer is unknown; CheckpointError where the best parameters are requested but
 *   not stored
 */
export function modelFrom(checkpoint: Checkpoint, engine: Engine, options?: ModelFromOptions): Model {
  CHECKPOINT('modelFrom: checkpoint', checkpoint);
  ENGINE('modelFrom: engine', engine);
  const { layers = {}, parameters = 'latest' } = readOptions('modelFrom', options, OPTIONS);
  const model = sequential(...checkpoint.layers.map((description) => layerFrom(description, layers)));
  const best = checkpoint.training?.best ?? [];
  if (parameters === 'best' && best.length === 0) {
    throw new CheckpointError(
      'checkpoint: it holds no best parameters; only early stopping with restoreBest stores them',
    );
  }
  restoreModel(checkpoint, engine, model, parameters === 'best' ? best : checkpoint.parameters);
  return model;
}

/** Gives a model the parameters and memories of a checkpoint with the same layers. */
export function restoreModel(
  { parameters, memories }: Checkpoint,
  engine: Engine,
  model: Model,
  values: readonly NumberArray[] = parameters,
): void {
  engine.runLasting(() => {
    const own = values.map((one) => createTensor(engine, one));
    const remembered = memories.map(({ numbers, tensors }) => ({
      numbers: new Map(numbers),
      tensors: new Map([...tensors].map(([name, one]) => [name, createTensor(engine, one)])),
    }));
    model.takeUp(engine, own, remembered);
  });
}

function createTensor(engine: Engine, { shape, values }: NumberArray): Tensor {
  return engine.tensor(values, shape);
}
