import {
  BYTES,
  COUNT,
  checkSingles,
  createArgumentCheck,
  hasMethod,
  isListOf,
  LIST,
  NUMBERS,
  SIGNAL,
} from '../arguments/check.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import { random } from '../data/random.ts';
import { fetchPartOnce } from '../implicit/fetch-part.ts';
import type { SolveRecord } from '../solvers/report.ts';
import { Arena } from '../tensor/arena.ts';
import { ENGINE, type Engine } from '../tensor/engine.ts';
import { formatShape, type Shape } from '../tensor/shape.ts';
import { checkTogether, TENSOR, TENSORS, type Tensor } from '../tensor/tensor.ts';
import { INSPECT } from '../tensor/text.ts';
import {
  checkOutput,
  emptyMemory,
  type ForwardPass,
  LAYER,
  type Layer,
  type Memory,
  type TrainingPass,
} from './layer.ts';
import { formatLayers, parameterNames } from './summary.ts';
import type { TargetScale } from './target-scale.ts';

/** A parameter of a model. */
export interface NamedParameter {
  /** Number and kind of the layer and name of the parameter, such as `0.monotone.A`. */
  readonly name: string;
  /** Its tensor, which the model owns. */
  readonly value: Tensor;
}

/** Options of `Model.forward`. */
export interface ForwardOptions {
  /** Parameters, in the order of `parameters`. Default: those of the model. */
  values?: readonly Tensor[];
  /** A list to which implicit layers add their solves. */
  solves?: SolveRecord[];
  /** Aborting it ends the solves: reading what depends on them rejects with its reason. */
  signal?: AbortSignal | undefined;
  /** Makes this a forward pass of a training step. */
  training?: TrainingPass;
}

const PASS = /* @__PURE__ */ createArgumentCheck('a pass of training', (value) =>
  hasMethod((value as TrainingPass).random, 'fork'),
);
const FORWARD_OPTIONS: Checks<ForwardOptions> = { values: TENSORS, solves: LIST, signal: SIGNAL, training: PASS };

/** Options of `Model.predict`. */
export interface PredictOptions {
  /** Number of rows that are solved at once. Default 256. */
  batch?: number;
  /** Aborting it ends the solves, and the promise rejects with its reason. */
  signal?: AbortSignal | undefined;
}

const PREDICT_OPTIONS: Checks<PredictOptions> = { batch: COUNT, signal: SIGNAL };

/** The result of `Model.predict`. */
export interface Prediction {
  /** The most probable class of each row. */
  readonly classes: Int32Array;
  /** The softmax of the outputs: count × outputs, row-major. */
  readonly probabilities: Float32Array;
}

/**
 * A model of layers one after the other. It gets its parameters from `initialise`, which `train` calls.
 * @throws RangeError if there is no layer, or if the widths of two layers do not match, or their images
 */
export function sequential(...layers: Layer[]): Model {
  if (layers.length === 0) throw new RangeError('sequential: no layers were given; at least one is needed');
  for (const [index, layer] of layers.entries()) {
    LAYER(`sequential: layer ${index}`, layer);
    const before = layers[index - 1];
    if (before && before.outputs !== layer.inputs) {
      throw new RangeError(
        `sequential: layer ${index} (${layer.kind}) takes ${layer.inputs} inputs, layer ${index - 1} (${before.kind}) gives ${before.outputs} outputs`,
      );
    }
    if (before) layer.checkBefore?.(before);
  }
  return new Model(layers);
}

const checkpointing = /* @__PURE__ */ fetchPartOnce(
  'what reads and writes checkpoints',
  () => import('./checkpoint/saved-model.ts'),
);

const MEMORIES = /* @__PURE__ */ createArgumentCheck('a list of memories', (value) =>
  isListOf(value, ({ numbers, tensors }: Memory) => numbers instanceof Map && tensors instanceof Map),
);

/** Layers one after the other, with their parameters and what the layers remember. */
export class Model {
  private held: { engine: Engine; values: Tensor[]; memories: Memory[] } | undefined;
  /** How outputs become targets in their own units. Training for regression sets it; undefined for a classifier. */
  targetScale: TargetScale | undefined;

  /** @internal Use `sequential` instead. */
  constructor(
    /** The layers, first to last. */
    readonly layers: readonly Layer[],
  ) {}

  /** The name that error messages use. */
  get [Symbol.toStringTag](): string {
    return 'Model';
  }

  /**
   * A table of the layers as text: widths or images, shapes of the parameters, and how many numbers they hold.
   */
  summary(): string {
    return formatLayers(this.layers, this.held ? `on ${this.held.engine.backend}` : 'not initialised');
  }
  /** The summary. */
  toString(): string {
    return this.summary();
  }
  /** What `console.log` shows in Node. */
  [INSPECT](): string {
    return this.summary();
  }

  /** Width of a row that goes in. */
  get inputs(): number {
    return this.layers[0].inputs;
  }
  /** Width of a row that comes out. */
  get outputs(): number {
    return this.layers[this.layers.length - 1].outputs;
  }
  /** The engine that holds the parameters. @throws Error if the model has none yet */
  get engine(): Engine {
    return this.requireParameters().engine;
  }
  /** Whether the model has parameters. */
  get isInitialised(): boolean {
    return this.held !== undefined;
  }
  /** The parameters in the order of the layers, by name. @throws Error if the model has none yet */
  get parameters(): NamedParameter[] {
    const { values } = this.requireParameters();
    return parameterNames(this.layers).map((name, index) => ({ name, value: values[index] }));
  }

  /** What each layer remembers between training steps. */
  get memories(): readonly Memory[] {
    return this.requireParameters().memories;
  }

  private requireParameters(): { engine: Engine; values: Tensor[]; memories: Memory[] } {
    if (!this.held) throw new Error('model: it has no parameters yet; train it, or call initialise(engine)');
    return this.held;
  }

  /**
   * Creates the parameters with their initial values, which depend on the seed alone and are the same on every
   * backend. Disposes the old ones. @param seed default 0
   */
  initialise(engine: Engine, seed = 0): void {
    ENGINE('initialise: engine', engine);
    const generator = random(seed);
    const values = engine.runLasting(() =>
      this.layers.flatMap((layer) =>
        layer.parameters.map((parameter) => engine.tensor(parameter.initial(generator), parameter.shape)),
      ),
    );
    this.dispose();
    this.held = { engine, values, memories: this.layers.map(emptyMemory) };
  }

  /** Takes over these parameters, in the order of the layers, and these memories; disposes its own. */
  takeUp(engine: Engine, values: readonly Tensor[], memories: readonly Memory[]): void {
    ENGINE('takeUp: engine', engine);
    this.checkValues('takeUp', values);
    MEMORIES('takeUp: memories', memories);
    this.dispose();
    this.held = { engine, values: [...values], memories: [...memories] };
  }

  /** Replaces the parameters and disposes the old ones. */
  replaceParameters(values: readonly Tensor[]): void {
    const held = this.requireParameters();
    this.checkValues('replaceParameters', values);
    for (const old of held.values) if (!values.includes(old)) old.dispose();
    held.values = [...values];
    for (const value of values) Arena.move(value, undefined); // they outlive the call that created them
  }

  /**
   * Runs all layers. Intermediate tensors are freed with the scope of `x`: call it inside `engine.tidy` or a
   * differentiated function.
   * @param x [batch, inputs]
   * @returns the outputs of the last layer, [batch, outputs]
   */
  forward(x: Tensor, options?: ForwardOptions): Tensor {
    const {
      values = this.requireParameters().values,
      solves = [],
      signal,
      training,
    } = readOptions('forward', options, FORWARD_OPTIONS);
    TENSOR('forward: x', x);
    if (options?.values) this.checkValues('forward', values);
    checkTogether('forward', { values, x });
    if (x.shape.length !== 2 || x.shape[1] !== this.inputs) {
      throw new RangeError(`model: the input has shape ${formatShape(x.shape)}; it must be [batch, ${this.inputs}]`);
    }
    const parameters = this.splitByLayer(values, x);
    return this.layers.reduce((input, layer, index) => {
      const memory = this.held?.memories[index] ?? emptyMemory();
      const pass: ForwardPass = {
        solves,
        memory,
        signal,
        training: training && { ...training, random: training.random.fork(`layer ${index}`) },
      };
      const output = layer.forward(input, parameters[index], pass);
      const checked = checkOutput(`model: layer ${index} (${layer.kind})`, output, [x.shape[0], layer.outputs]);
      if (training) this.keepMemory(memory);
      return checked;
    }, x);
  }

  /** @throws RangeError unless there is one tensor of the right shape for each parameter */
  private checkValues(what: string, values: readonly Tensor[]): void {
    TENSORS(`${what}: values`, values);
    const shown = (all: readonly { readonly shape: Shape }[]): string =>
      all.map(({ shape }) => formatShape(shape)).join();
    const [found, needed] = [values, this.layers.flatMap(({ parameters }) => parameters)].map(shown);
    if (found === needed) return;
    throw new RangeError(`${what}: values have the shapes ${found}; the parameters have ${needed}`);
  }

  /** What a layer remembers has to outlive the call that created it, and its tape. */
  private keepMemory({ tensors }: Memory): void {
    for (const [name, tensor] of tensors)
      if (tensor.arena || tensor.node) tensors.set(name, this.engine.keepAlias(tensor));
  }

  /**
   * Splits the parameters by layer. They become aliases in the arena of x, so that what is computed from parameters
   * alone is freed with everything else.
   */
  private splitByLayer(values: readonly Tensor[], { arena }: Tensor): Tensor[][] {
    let first = 0;
    return this.layers.map((layer) => {
      const own = values.slice(first, first + layer.parameters.length);
      first += own.length;
      return own.map((value) => (arena && !value.arena ? this.engine.aliasIn(arena, value) : value));
    });
  }

  /** Whether each layer wants to tune itself before this training step. */
  tuningDue(step: number): boolean[] {
    const { memories } = this.requireParameters();
    return this.layers.map(({ tuning }, index) => tuning?.isDue(memories[index], step) ?? false);
  }

  /**
   * Lets the layers that want it tune themselves for a training step.
   * @param x the input of the step, [batch, inputs]
   * @param step number of training steps before this one
   */
  async tune(x: Tensor, step: number): Promise<void> {
    const { values, memories } = this.requireParameters();
    TENSOR('tune: x', x);
    const due = this.tuningDue(step);
    if (!due.includes(true)) return;
    await this.engine.tidy(async (scope) => {
      let input = scope.use(x);
      const parameters = this.splitByLayer(values, input);
      for (const [index, layer] of this.layers.slice(0, due.lastIndexOf(true) + 1).entries()) {
        if (due[index]) await layer.tuning?.tune(input, parameters[index], memories[index], step);
        input = layer.forward(input, parameters[index], { solves: [], memory: memories[index] });
      }
    });
  }

  /**
   * Computes classes and probabilities of rows of numbers.
   * @param inputs count × inputs, row-major, all finite
   * @throws RangeError if there are too few or too many numbers, or one is not finite; Error if the model was trained
   *   for regression, so that its outputs are no scores of classes
   */
  async predict(inputs: ArrayLike<number>, options?: PredictOptions): Promise<Prediction> {
    if (this.targetScale) throw new Error('predict: the model was trained for regression; use predictValues');
    const width = this.outputs;
    const values = await this.computeOutputs('predict', inputs, options, (outputs) => outputs.softmax());
    const probabilities = Float32Array.from(values);
    const classes = new Int32Array(probabilities.length / width);
    for (let row = 0; row < classes.length; row++) {
      classes[row] = indexOfLargest(values.subarray(row * width, (row + 1) * width));
    }
    return { classes, probabilities };
  }

  /**
   * Computes the outputs for rows of numbers: for a model that was trained for regression, the targets in their own
   * units.
   * @param inputs count × inputs, row-major, all finite
   * @returns count × outputs, row-major
   * @throws RangeError if there are too few or too many numbers, or one is not finite
   */
  async predictValues(inputs: ArrayLike<number>, options?: PredictOptions): Promise<Float64Array> {
    const values = await this.computeOutputs('predictValues', inputs, options, (outputs) => outputs);
    if (!this.targetScale) return values;
    const { mean, deviation } = this.targetScale;
    return values.map((value, at) => mean[at % mean.length] + deviation[at % mean.length] * value);
  }

  private async computeOutputs(
    what: string,
    inputs: ArrayLike<number>,
    options: PredictOptions | undefined,
    last: (outputs: Tensor) => Tensor,
  ): Promise<Float64Array> {
    const { engine } = this.requireParameters();
    const { batch = 256, signal } = readOptions(what, options, PREDICT_OPTIONS);
    NUMBERS(`${what}: inputs`, inputs);
    if (inputs.length === 0 || inputs.length % this.inputs !== 0) {
      throw new RangeError(
        `${what}: inputs holds ${inputs.length} numbers; it must be a positive multiple of ${this.inputs}`,
      );
    }
    checkSingles(`${what}: inputs`, inputs);
    const count = inputs.length / this.inputs;
    const all = new Float64Array(count * this.outputs);
    for (let start = 0; start < count; start += batch) {
      signal?.throwIfAborted();
      const rows = Math.min(batch, count - start);
      const part = Float32Array.from({ length: rows * this.inputs }, (_, index) => inputs[start * this.inputs + index]);
      const values = await engine.tidy(async (scope) =>
        last(this.forward(scope.tensor(part, [rows, this.inputs]), { signal })).data(),
      );
      all.set(values, start * this.outputs);
    }
    return all;
  }

  /**
   * The same as `saveCheckpoint(model)`: the bytes of a checkpoint with the layers, their parameters and what they
   * remember.
   * @param options.extras your own data, to be stored as JSON
   */
  async save(options?: { extras?: unknown }): Promise<Uint8Array<ArrayBuffer>> {
    const { extras } = readOptions('save', options, { extras: 0 });
    return (await checkpointing()).saveModel(this, 'save', extras);
  }

  /**
   * Takes over the parameters of a checkpoint of the same layers, as `save`, `saveCheckpoint` and training write it;
   * disposes its own. Layers of your own need no maker here. `modelFrom` makes the layers as well.
   * @param bytes of the checkpoint
   * @param engine the one to hold the parameters. Default: the engine of the model, if it has parameters
   * @throws CheckpointError where the bytes are no checkpoint, or other layers were stored
   */
  async load(bytes: Uint8Array, engine = this.held?.engine): Promise<void> {
    BYTES('load: bytes', bytes);
    ENGINE('load: engine', engine);
    (await checkpointing()).loadInto(this, engine as Engine, bytes);
  }

  /** Frees the parameters and what the layers remember. */
  dispose(): void {
    for (const value of this.held?.values ?? []) value.dispose();
    for (const { tensors } of this.held?.memories ?? []) for (const tensor of tensors.values()) tensor.dispose();
    this.held = undefined;
    this.targetScale = undefined;
  }
}

export const MODEL = /* @__PURE__ */ createArgumentCheck('a model', (value) => value instanceof Model);

export function indexOfLargest(values: ArrayLike<number>): number {
  let best = 0;
  for (let index = 0; index < values.length; index++) {
    if (Number.isNaN(values[index]))
      throw new RangeError('the scores of a sample hold NaN, so that none is the largest');
    if (values[index] > values[best]) best = index;
  }
  return best;
}
