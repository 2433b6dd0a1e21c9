/** What a layer is: parameters, how they start, and the forward pass. */
import { checkFor, has, isList, isListOf, numberFor, refusalOfResult } from '../arguments/check.ts';
import type { Random } from '../data/random.ts';
import type { SolveRecord } from '../solvers/report.ts';
import { describe, sameShape } from '../tensor/shape.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';

export interface ParameterSpecification {
  readonly name: string;
  readonly shape: readonly number[];
  /** Row-major. The same on every backend: rounded to float32. */
  initial(random: Random): Float32Array;
}

/** What a layer remembers from one pass to the next. The model owns it and disposes its tensors; checkpoints keep it. */
export interface Memory {
  readonly numbers: Map<string, number>;
  readonly tensors: Map<string, Tensor>;
}

export function emptyMemory(): Memory {
  return { numbers: new Map(), tensors: new Map() };
}

/** One forward pass through a layer: what it may use, and what it leaves behind besides its output. */
export interface ForwardPass {
  /** The solves of implicit layers, in the order of the layers: a layer of your own adds `z.solve`. */
  readonly solves: SolveRecord[];
  readonly memory: Memory;
  /** Ends the solves of the pass: a layer of your own gives it to those that it makes. */
  readonly signal?: AbortSignal;
  /** Only a pass of training, for which this is here, may change what a layer remembers or drop anything at random. */
  readonly training?: TrainingPass;
}

export interface TrainingPass {
  /** Steps of training before this one. */
  readonly step: number;
  /** Of this step and this layer: the same step draws the same numbers, whatever came before it. */
  readonly random: Random;
  /** Place of each row in the training data, and how many rows these hold. */
  readonly rows: Int32Array;
  readonly count: number;
  /**
   * Has something done once the outcome of this step has been read back, step by step in order: before the step after the
   * next one begins, or, where training stops to write a checkpoint, before the next one.
   */
  whenRead(callback: () => Promise<void>): void;
}

/** How a layer that must await something, such as the count of iterations, prepares for a step of training. */
export interface Tuning {
  /** @param step steps of training before this one */
  isDue(memory: Memory, step: number): boolean;
  /** @param x the input of the layer in this step, [batch, inputs] */
  tune(x: Tensor, parameters: readonly Tensor[], memory: Memory, step: number): Promise<void>;
}

export interface Layer {
  readonly kind: string;
  /** Width of a row that goes in, and of one that comes out. */
  readonly inputs: number;
  readonly outputs: number;
  readonly parameters: readonly ParameterSpecification[];
  /** What makes the layer again, as JSON: a checkpoint keeps it. Without it the layer must be handed in to load one. */
  readonly options?: object;
  /** Asked before each step of training. */
  readonly tuning?: Tuning;
  /**
   * @param x [batch, inputs]
   * @param parameters in the order of `parameters`
   * @returns [batch, outputs]
   */
  forward(x: Tensor, parameters: readonly Tensor[], pass: ForwardPass): Tensor;
}

const WIDTH = /* @__PURE__ */ numberFor(
  'a positive integer below 2³²',
  (x) => Number.isInteger(x) && x > 0 && x < MOST,
);

export function checkWidth(layer: string, name: string, width: number): number {
  WIDTH(`${layer}: ${name}`, width);
  return width;
}

/** Also one of the caller's own. */
export const LAYER = /* @__PURE__ */ checkFor(
  'a layer',
  (value) => has(value, 'forward') && isDescribed(value as Layer),
);

function isDescribed({ kind, inputs, outputs, parameters }: Layer): boolean {
  const isComplete = (one: ParameterSpecification): boolean => isList(one?.shape) && has(one, 'initial');
  return typeof kind === 'string' && inputs > 0 && outputs > 0 && isListOf(parameters, isComplete);
}

/** What the forward pass of a layer has given. @param place its number and kind */
export function checkOutput(place: string, output: Tensor, needed: readonly number[]): Tensor {
  if (isTensor(output) && sameShape(output.shape, needed)) return output;
  throw refusalOfResult(`${place}: forward`, output, `a tensor ${describe(needed)}`);
}

/** Numbers that a typed array can hold, wherever there is memory for them. */
const MOST = 2 ** 32;

function sizeOf(name: string, shape: readonly number[]): number {
  const size = shape.reduce((product, extent) => product * extent, 1);
  if (size <= MOST) return size;
  throw new RangeError(`${name}: the shape ${describe(shape)} holds ${size} numbers; a parameter may hold ${MOST}`);
}

/** Uniform on [−1/√fanIn, 1/√fanIn], as PyTorch starts its linear layers. */
export function uniformParameter(name: string, shape: readonly number[], fanIn: number): ParameterSpecification {
  const reach = 1 / Math.sqrt(fanIn);
  const size = sizeOf(name, shape);
  return {
    name,
    shape,
    initial: (random) => Float32Array.from({ length: size }, () => reach * (2 * random.uniform() - 1)),
  };
}

/** The same number everywhere. */
export function constantParameter(name: string, shape: readonly number[], value: number): ParameterSpecification {
  const size = sizeOf(name, shape);
  return { name, shape, initial: () => new Float32Array(size).fill(value) };
}
