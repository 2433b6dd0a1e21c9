import { COUNT, checkFor, checkSingles, has, isListOf, LIST, NUMBERS, SIGNAL } from '../arguments/check.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import { random } from '../data/random.ts';
import type { SolveRecord } from '../solvers/report.ts';
import { Arena } from '../tensor/arena.ts';
import { ENGINE, type Engine } from '../tensor/engine.ts';
import { describe, type Shape } from '../tensor/shape.ts';
import { checkTogether, TENSOR, TENSORS, type Tensor } from '../tensor/tensor.ts';
import {
  checkOutput,
  emptyMemory,
  type ForwardPass,
  LAYER,
  type Layer,
  type Memory,
  type TrainingPass,
} from './layer.ts';

export interface NamedParameter {
  /** Layer number, kind and parameter, such as `0.monotone.A`. */
  readonly name: string;
  readonly value: Tensor;
}

/** What `Model.forward` may be given beyond the input. */
export interface ForwardOptions {
  /** Parameters in the order of `parameters`. Default: the model's own. */
  values?: readonly Tensor[];
  /** Where the solves of implicit layers are put. */
  solves?: SolveRecord[];
  /** Aborted, it ends the solves: reading what was computed by them rejects with its reason. */
  signal?: AbortSignal;
  /** Of a step of training, for the model as a whole. */
  training?: TrainingPass;
}

const PASS = /* @__PURE__ */ checkFor('a pass of training', (value) => has((value as TrainingPass).random, 'fork'));
const FORWARD_OPTIONS: Checks<ForwardOptions> = { values: TENSORS, solves: LIST, signal: SIGNAL, training: PASS };

/** What `Model.predict` may be given beyond the rows. */
export interface PredictOptions {
  /** Rows solved at once. Default 256. */
  batch?: number;
  /** Aborted, it ends the solves: the promise rejects with its reason. */
  signal?: AbortSignal;
}

const PREDICT_OPTIONS: Checks<PredictOptions> = { batch: COUNT, signal: SIGNAL };

export interface Prediction {
  /** The most probable class of each row. */
  readonly classes: Int32Array;
  /** count × outputs, row-major: softmax of the last layer. */
  readonly probabilities: Float32Array;
}

/** Layers one after the other. It has no parameters until `initialise` (which `train` calls) gives it an engine. */
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
  }
  return new Model(layers);
}

const MEMORIES = /* @__PURE__ */ checkFor('a list of memories', (value) =>
  isListOf(value, ({ numbers, tensors }: Memory) => numbers instanceof Map && tensors instanceof Map),
);

export class Model {
  private held: { engine: Engine; values: Tensor[]; memories: Memory[] } | undefined;

  /** Made by `sequential`. */
  constructor(readonly layers: readonly Layer[]) {}

  /** How errors call it. */
  get [Symbol.toStringTag](): string {
    return 'Model';
  }

  get inputs(): number {
    return this.layers[0].inputs;
  }
  get outputs(): number {
    return this.layers[this.layers.length - 1].outputs;
  }
  /** The engine that holds the parameters. */
  get engine(): Engine {
    return this.initialised().engine;
  }
  get isInitialised(): boolean {
    return this.held !== undefined;
  }
  get parameters(): NamedParameter[] {
    const { values } = this.initialised();
    const names = this.layers.flatMap((layer, index) =>
      layer.parameters.map(({ name }) => `${index}.${layer.kind}.${name}`),
    );
    return names.map((name, index) => ({ name, value: values[index] }));
  }

  /** What each layer remembers from step to step of training. */
  get memories(): readonly Memory[] {
    return this.initialised().memories;
  }

  private initialised(): { engine: Engine; values: Tensor[]; memories: Memory[] } {
    if (!this.held) throw new Error('model: it has no parameters yet; train it, or call initialise(engine)');
    return this.held;
  }

  /** Gives the parameters their seeded start, the same on every backend. */
  initialise(engine: Engine, seed = 0): void {
    ENGINE('initialise: engine', engine);
    const generator = random(seed);
    const values = engine.lasting(() =>
      this.layers.flatMap((layer) =>
        layer.parameters.map((parameter) => engine.tensor(parameter.initial(generator), parameter.shape)),
      ),
    );
    this.dispose();
    this.held = { engine, values, memories: this.layers.map(emptyMemory) };
  }

  /** Takes parameters, in the order of the layers, and what the layers remember; disposes what it had. */
  takeUp(engine: Engine, values: readonly Tensor[], memories: readonly Memory[]): void {
    ENGINE('takeUp: engine', engine);
    this.checkValues('takeUp', values);
    MEMORIES('takeUp: memories', memories);
    this.dispose();
    this.held = { engine, values: [...values], memories: [...memories] };
  }

  /** Puts new parameters in the place of the old ones, which are disposed. */
  replaceParameters(values: readonly Tensor[]): void {
    const held = this.initialised();
    this.checkValues('replaceParameters', values);
    for (const old of held.values) if (!values.includes(old)) old.dispose();
    held.values = [...values];
    for (const value of values) Arena.move(value, undefined); // they outlive the call that has made them
  }

  /**
   * Intermediate tensors are freed with the scope of `x`: call it inside `engine.tidy` or a differentiated function.
   * @param x [batch, inputs]
   * @returns the outputs of the last layer, [batch, outputs]
   */
  forward(x: Tensor, options?: ForwardOptions): Tensor {
    const {
      values = this.initialised().values,
      solves = [],
      signal,
      training,
    } = readOptions('forward', options, FORWARD_OPTIONS);
    TENSOR('forward: x', x);
    if (options?.values) this.checkValues('forward', values);
    checkTogether('forward', { values, x });
    if (x.shape.length !== 2 || x.shape[1] !== this.inputs) {
      throw new RangeError(`model: the input has shape ${describe(x.shape)}; it must be [batch, ${this.inputs}]`);
    }
    const parameters = this.perLayer(values, x);
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
      if (training) this.keepRemembered(memory);
      return checked;
    }, x);
  }

  /** @throws RangeError unless there is one tensor for each parameter, of its shape */
  private checkValues(what: string, values: readonly Tensor[]): void {
    TENSORS(`${what}: values`, values);
    const shown = (all: readonly { readonly shape: Shape }[]): string => all.map(({ shape }) => describe(shape)).join();
    const [found, needed] = [values, this.layers.flatMap(({ parameters }) => parameters)].map(shown);
    if (found === needed) return;
    throw new RangeError(`${what}: values have the shapes ${found}; the parameters have ${needed}`);
  }

  /** What a layer remembers outlives the call in which it was made, and its tape. */
  private keepRemembered({ tensors }: Memory): void {
    for (const [name, tensor] of tensors) if (tensor.arena || tensor.node) tensors.set(name, this.engine.kept(tensor));
  }

  /** What is computed from parameters alone must be freed with everything else that is computed from x. */
  private perLayer(values: readonly Tensor[], { arena }: Tensor): Tensor[][] {
    let first = 0;
    return this.layers.map((layer) => {
      const own = values.slice(first, first + layer.parameters.length);
      first += own.length;
      return own.map((value) => (arena && !value.arena ? this.engine.useIn(arena, value) : value));
    });
  }

  /** Of each layer, whether it wants to tune itself before this step of training. */
  tuningDue(step: number): boolean[] {
    const { memories } = this.initialised();
    return this.layers.map(({ tuning }, index) => tuning?.isDue(memories[index], step) ?? false);
  }

  /**
   * Lets the layers that want it tune themselves for a step of training.
   * @param x the input of the step, [batch, inputs]
   * @param step steps of training before this one
   */
  async tune(x: Tensor, step: number): Promise<void> {
    const { values, memories } = this.initialised();
    TENSOR('tune: x', x);
    const due = this.tuningDue(step);
    if (!due.includes(true)) return;
    await this.engine.tidy(async (scope) => {
      let input = scope.use(x);
      const parameters = this.perLayer(values, input);
      for (const [index, layer] of this.layers.slice(0, due.lastIndexOf(true) + 1).entries()) {
        if (due[index]) await layer.tuning?.tune(input, parameters[index], memories[index], step);
        input = layer.forward(input, parameters[index], { solves: [], memory: memories[index] });
      }
    });
  }

  /**
   * Classes and probabilities of rows of numbers.
   * @param inputs count × inputs, row-major, all finite
   */
  async predict(inputs: ArrayLike<number>, options?: PredictOptions): Promise<Prediction> {
    const { engine } = this.initialised();
    const { batch = 256, signal } = readOptions('predict', options, PREDICT_OPTIONS);
    NUMBERS('predict: inputs', inputs);
    if (inputs.length === 0 || inputs.length % this.inputs !== 0) {
      throw new RangeError(
        `predict: inputs holds ${inputs.length} numbers; it must be a positive multiple of ${this.inputs}`,
      );
    }
    checkSingles('predict: inputs', inputs);
    const count = inputs.length / this.inputs;
    const probabilities = new Float32Array(count * this.outputs);
    const classes = new Int32Array(count);
    for (let start = 0; start < count; start += batch) {
      signal?.throwIfAborted();
      const rows = Math.min(batch, count - start);
      const part = Float32Array.from({ length: rows * this.inputs }, (_, index) => inputs[start * this.inputs + index]);
      const values = await engine.tidy(async (scope) => {
        const outputs = this.forward(scope.tensor(part, [rows, this.inputs]), { signal });
        return outputs.softmax().data();
      });
      probabilities.set(values, start * this.outputs);
      for (let row = 0; row < rows; row++) {
        classes[start + row] = indexOfLargest(values.subarray(row * this.outputs, (row + 1) * this.outputs));
      }
    }
    return { classes, probabilities };
  }

  /** Frees the parameters, and what the layers remember. */
  dispose(): void {
    for (const value of this.held?.values ?? []) value.dispose();
    for (const { tensors } of this.held?.memories ?? []) for (const tensor of tensors.values()) tensor.dispose();
    this.held = undefined;
  }
}

export const MODEL = /* @__PURE__ */ checkFor('a model', (value) => value instanceof Model);

export function indexOfLargest(values: ArrayLike<number>): number {
  let best = 0;
  for (let index = 0; index < values.length; index++) {
    if (Number.isNaN(values[index]))
      throw new RangeError('the scores of a sample hold NaN, so that none is the largest');
    if (values[index] > values[best]) best = index;
  }
  return best;
}
