/** What makes a layer: its parameters, their initial values, and the forward pass. */
import {
  createArgumentCheck,
  createNumberCheck,
  createResultError,
  hasMethod,
  isList,
  isListOf,
} from '../arguments/check.ts';
import type { Random } from '../data/random.ts';
import type { SolveRecord } from '../solvers/report.ts';
import { formatShape, sameShape } from '../tensor/shape.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';

/** One parameter of a layer. */
export interface ParameterSpecification {
  /** Unique within the layer; checkpoints store it. */
  readonly name: string;
  /** The extents along the axes. */
  readonly shape: readonly number[];
  /** The initial numbers, row-major, rounded to float32 so that every backend starts from the same ones. */
  initial(random: Random): Float32Array;
}

/**
 * What a layer remembers from one training step to the next. The model owns it and disposes its tensors; checkpoints
 * store it.
 */
export interface Memory {
  /** Numbers by name. */
  readonly numbers: Map<string, number>;
  /** Tensors by name. */
  readonly tensors: Map<string, Tensor>;
}

export function emptyMemory(): Memory {
  return { numbers: new Map(), tensors: new Map() };
}

/** One forward pass through a layer: what it may use, and what it leaves behind besides its output. */
export interface ForwardPass {
  /**
   * The solves of implicit layers, in the order of the layers. A layer of your own adds the `solve` of its solutions.
   */
  readonly solves: SolveRecord[];
  /** What this layer remembers. */
  readonly memory: Memory;
  /** Aborts the solves of the pass: a layer of your own passes it on to the solves that it makes. */
  readonly signal?: AbortSignal;
  /** Present in a training step only. Without it, a layer must neither change its memory nor drop numbers at random. */
  readonly training?: TrainingPass;
}

/** What a layer may know about a training step. */
export interface TrainingPass {
  /** Number of training steps before this one. */
  readonly step: number;
  /** Random numbers of this step and this layer: they do not depend on what was drawn before. */
  readonly random: Random;
  /** The place of each row of the batch in the training data. */
  readonly rows: Int32Array;
  /** Number of rows of the training data. */
  readonly count: number;
  /**
   * Registers a callback that runs once the outcome of this step has been read: in the order of the steps, and before
   * the step after the next one begins, or before the next one if training stops there to write a checkpoint.
   */
  whenRead(callback: () => Promise<void>): void;
  /**
   * Adds a term to the loss of this step, a tensor of one number, such as a penalty on what the layer computed. Absent
   * outside of `train`.
   */
  addToLoss?(term: Tensor): void;
}

/**
 * How a layer prepares for a training step if it has to await something, such as the number of iterations of a solve.
 */
export interface Tuning {
  /** Whether `tune` is to be called before this step. @param step number of training steps before this one */
  isDue(memory: Memory, step: number): boolean;
  /** Prepares the layer; the step waits for it. @param x the input of the layer in this step, [batch, inputs] */
  tune(x: Tensor, parameters: readonly Tensor[], memory: Memory, step: number): Promise<void>;
}

/** The images of which a row consists: channels, rows and columns. The row holds them in the order channel, row, column. */
export type ImageShape = readonly [channels: number, rows: number, columns: number];

/** A layer: maps rows of numbers to rows of numbers. Pass your own to `sequential` as you pass the library's. */
export interface Layer {
  /** Names the kind of layer, such as dense. */
  readonly kind: string;
  /** Width of a row that goes in. */
  readonly inputs: number;
  /** Width of a row that comes out. */
  readonly outputs: number;
  /** The images that go in. Default: a row is no images, or it does not matter. */
  readonly inputShape?: ImageShape | undefined;
  /** The images that come out. Default: none. */
  readonly outputShape?: ImageShape | undefined;
  /** Throws where the layer cannot follow another one although the widths agree: `sequential` calls it. */
  checkBefore?(before: Layer): void;
  /** The parameters; `forward` receives their tensors in this order. */
  readonly parameters: readonly ParameterSpecification[];
  /**
   * JSON from which a `LayerMaker` makes the layer again. Without it, the layer must be passed in to load a
   * checkpoint.
   */
  readonly options?: object;
  /** Asked before each training step. */
  readonly tuning?: Tuning;
  /**
   * Brings parameters back into the set of those that are allowed. `train` calls it after each step of the optimiser,
   * never inside of a gradient. Default: all parameters are allowed.
   * @param parameters their tensors, in the order of `parameters`
   * @returns one tensor of the same shape for each; those that stay as they are may be returned
   */
  project?(parameters: readonly Tensor[]): Tensor[];
  /**
   * Computes the outputs, with tensor operations and implicit layers.
   * @param x [batch, inputs]
   * @param parameters their tensors, in the order of `parameters`
   * @returns [batch, outputs]
   */
  forward(x: Tensor, parameters: readonly Tensor[], pass: ForwardPass): Tensor;
}

const WIDTH = /* @__PURE__ */ createNumberCheck(
  'a positive integer below 2³²',
  (x) => Number.isInteger(x) && x > 0 && x < MAXIMUM_NUMBERS,
);

export function checkWidth(layer: string, name: string, width: number): number {
  WIDTH(`${layer}: ${name}`, width);
  return width;
}

/** A layer, of the library or of the caller. */
export const LAYER = /* @__PURE__ */ createArgumentCheck(
  'a layer',
  (value) => hasMethod(value, 'forward') && isDescribed(value as Layer),
);

function isDescribed({ kind, inputs, outputs, parameters }: Layer): boolean {
  const isComplete = (one: ParameterSpecification): boolean => isList(one?.shape) && hasMethod(one, 'initial');
  return typeof kind === 'string' && inputs > 0 && outputs > 0 && isListOf(parameters, isComplete);
}

/** Checks what the forward pass of a layer returned. @param place number and kind of the layer */
export function checkOutput(place: string, output: Tensor, needed: readonly number[]): Tensor {
  if (isTensor(output) && sameShape(output.shape, needed)) return output;
  throw createResultError(`${place}: forward`, output, `a tensor ${formatShape(needed)}`);
}

/** More numbers than this do not fit into a typed array. */
const MAXIMUM_NUMBERS = 2 ** 32;

function sizeOf(name: string, shape: readonly number[]): number {
  const size = shape.reduce((product, extent) => product * extent, 1);
  if (size <= MAXIMUM_NUMBERS) return size;
  throw new RangeError(
    `${name}: the shape ${formatShape(shape)} holds ${size} numbers; a parameter may hold ${MAXIMUM_NUMBERS}`,
  );
}

/** A parameter that starts uniform on [−1/√fanIn, 1/√fanIn], as the linear layers of PyTorch do. */
export function uniformParameter(name: string, shape: readonly number[], fanIn: number): ParameterSpecification {
  const reach = 1 / Math.sqrt(fanIn);
  const size = sizeOf(name, shape);
  return {
    name,
    shape,
    initial: (random) => Float32Array.from({ length: size }, () => reach * (2 * random.uniform() - 1)),
  };
}

/** A parameter that starts with the same number everywhere. */
export function constantParameter(name: string, shape: readonly number[], value: number): ParameterSpecification {
  const size = sizeOf(name, shape);
  return { name, shape, initial: () => new Float32Array(size).fill(value) };
}
