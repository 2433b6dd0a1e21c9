import { type Check as ArgumentCheck, checkFor, isSo, LIST, refusal } from '../arguments/check.ts';
import { readOptions } from '../arguments/options.ts';
import { shown } from '../arguments/shown.ts';
import type { Constant, Speculation } from '../backends/backend.ts';
import type { CallWithoutSlots } from '../program/trace.ts';
import type { Arena } from './arena.ts';
import * as arrange from './arrange.ts';
import * as normalise from './normalise.ts';
import * as operations from './operations.ts';
import type { Shape } from './shape.ts';
import { sizeOf } from './shape.ts';

/**
 * Where tensors live and kernels run: an engine (calls are enqueued at once) or a Program being traced (calls are written
 * down). Operations and solvers are written once, over this.
 */
export interface Context {
  /** Distance from 1 to the next number in the backend's precision. */
  readonly epsilon: number;
  call(call: CallWithoutSlots, inputs: readonly (Tensor | undefined)[], shape: Shape): Tensor;
  constant(constant: Constant, shape: Shape): Tensor;
  /** Numbers of the host, freed with `beside`; a Program that is being traced takes them as they are now. */
  upload(values: ArrayLike<number>, shape: Shape, beside: Tensor): Tensor;
  /** The same numbers under another shape of the same size. */
  alias(tensor: Tensor, shape: Shape): Tensor;
  download(tensor: Tensor): Promise<Float32Array | Float64Array>;
  release(tensor: Tensor): void;
}

/** A context in which solvers can be written: a Program being traced loops on the device, an engine pass by pass. */
export interface LoopContext extends Context {
  /** Largest n for which `iterateRows` is to take the place of a loop; 0: never. */
  readonly widestIteration: number;
  /** Largest 2·batch·n² for which `passRows` is to take the place of a pass; 0: never. */
  readonly largestPass: number;
  /** Whether the backend is one of SEQUENTIAL_BACKENDS. */
  readonly runsOnHost: boolean;
  /**
   * Repeats `body` on the carried values while some sample is running, at most `limit` times. Passes after the last sample
   * has stopped may be run or not: `body` must leave what belongs to a stopped sample as it is.
   * @param initial values on entry, by name
   * @param running reads from the carried values the row of statuses, [batch]: 0 is running
   * @returns the values after the last pass
   */
  loop<Values extends Record<string, Tensor>>(
    initial: Values,
    running: (values: Values) => Tensor,
    limit: number,
    body: (values: Values) => Values,
  ): Values;
}

/** A solve that tensors depend on, or a speculation. */
export interface Check {
  /** Rejects if the solve failed, or the speculation did not hold. */
  readonly promise: Promise<void>;
  /** What is computed from these tensors, and read back, is so under it while it is open. */
  readonly speculation?: Speculation;
  /** Set once it is known to have succeeded; it is then no longer passed on. */
  passed: boolean;
}

/** A tape: it writes operations down so that they can be differentiated. */
export interface Recorder {
  /** Called with the fresh output of an operation, at least one of whose inputs is on this tape. */
  record(operation: string, inputs: readonly Tensor[], output: Tensor, attributes: object): void;
  /** How often the numbers of a tensor on this tape were read: what is made of them is not followed. */
  reads: number;
}

export interface TapeNode {
  readonly recorder: Recorder;
  readonly index: number;
}

export interface KinkOptions {
  /** q in [0, 1]: at a kink the derivative is (1 − q)·min + q·max of the Clarke interval. */
  selection?: number;
}

/**
 * An array of numbers on a backend, row-major, of rank 0 to 4. Operations return new tensors at once; `data()` waits.
 * Binary operations broadcast as NumPy does and take a number in place of the second tensor.
 */
export class Tensor {
  /** Set by a tape on the tensors it follows. */
  node: TapeNode | undefined;
  private disposed = false;

  /**
   * Tensors are made by `engine.tensor` and by operations, not by calling this.
   * @param place slot or storage, whose meaning only the context knows
   */
  constructor(
    readonly context: Context,
    readonly shape: Shape,
    readonly place: unknown,
    /** The solves that this tensor depends on. */
    readonly checks: ReadonlySet<Check>,
    /** Frees the tensor when it is emptied; passed on to what is computed from it. */
    public arena: Arena | undefined,
  ) {
    arena?.add(this);
  }

  get size(): number {
    return sizeOf(this.shape);
  }
  /** How errors call it. */
  get [Symbol.toStringTag](): string {
    return this.disposed ? 'disposed Tensor' : 'Tensor';
  }
  get isDisposed(): boolean {
    return this.disposed;
  }

  /** Waits for the numbers. Rejects if a solve that they depend on did not converge, or if the device failed. */
  async data(): Promise<Float32Array | Float64Array> {
    if (this.node) this.node.recorder.reads += 1;
    if (this.checks.size === 0) return this.context.download(this);
    // Awaited together, so that a failing check never leaves the download unhandled.
    const [numbers] = await Promise.all([this.context.download(this), this.verified()]);
    return numbers;
  }

  /** Resolves once every solve that this tensor depends on is known to have succeeded; rejects if one failed. */
  async verified(): Promise<void> {
    await Promise.all([...this.checks].map((check) => check.promise));
  }

  /** Gives the memory back (once nothing else shares it). Idempotent. */
  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.arena?.remove(this);
    this.context.release(this);
  }
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** @throws RangeError unless the other is one that this tensor can be computed with */
  private beside(place: string, other: Tensor): Tensor {
    // Where a function is traced, its context says what is wrong with a tensor from outside.
    const isOfContext = isTensor(other) && (other.context === this.context || typeof this.place === 'number');
    if (isOfContext && !other.disposed) return other;
    throw refusal(place, other, 'a tensor of the same engine');
  }
  private operand(what: string, other: Tensor | number): Tensor | number {
    if (isTensor(other)) return this.beside(`${what}: other`, other);
    if (Number.isFinite(other)) return other;
    throw refusal(`${what}: other`, other, typeof other === 'number' ? 'finite' : 'a number or a tensor');
  }

  /** op(this)·op(other) for matrices; op transposes where asked. */
  matmul(other: Tensor, options?: operations.MatmulOptions): Tensor {
    return operations.matmul(this, this.beside('matmul: other', other), options);
  }
  add(other: Tensor | number): Tensor {
    return operations.add(this, this.operand('add', other));
  }
  sub(other: Tensor | number): Tensor {
    return operations.subtract(this, this.operand('sub', other));
  }
  mul(other: Tensor | number): Tensor {
    return operations.multiply(this, this.operand('mul', other));
  }
  div(other: Tensor | number): Tensor {
    return operations.divide(this, this.operand('div', other));
  }
  neg(): Tensor {
    return operations.negate(this);
  }
  exp(): Tensor {
    return operations.exp(this);
  }
  log(): Tensor {
    return operations.log(this);
  }
  sqrt(): Tensor {
    return operations.sqrt(this);
  }
  square(): Tensor {
    return operations.square(this);
  }
  tanh(): Tensor {
    return operations.tanh(this);
  }
  sigmoid(): Tensor {
    return operations.sigmoid(this);
  }
  /** max(x, 0). Derivative at 0: `selection`, default 0. */
  relu(options?: KinkOptions): Tensor {
    return operations.relu(this, options);
  }
  /** |x|. Derivative at 0: 2·selection − 1; default selection ½, which is 0. */
  abs(options?: KinkOptions): Tensor {
    return operations.abs(this, options);
  }
  /** sign(x)·max(|x| − threshold, 0). Derivative at ±threshold: `selection`, default 0. */
  softThreshold(threshold: number, options?: KinkOptions): Tensor {
    return operations.softThreshold(this, threshold, options);
  }
  /** x for x > 0, else slope·x; slope ≤ 1, default 0.01. Derivative at 0: (1 − selection)·slope + selection, default slope. */
  leakyRelu(slope = 0.01, options?: KinkOptions): Tensor {
    return operations.leakyRelu(this, slope, options);
  }
  /** x for x > 0, else α(eˣ − 1); α from 0 to 1, default 1. Derivative at 0: (1 − selection)·α + selection, default α. */
  elu(alpha = 1, options?: KinkOptions): Tensor {
    return operations.elu(this, alpha, options);
  }
  /** ln(1 + eˣ), accurate in both tails. */
  softplus(): Tensor {
    return operations.softplus(this);
  }
  /** x / (1 + |x|) */
  softsign(): Tensor {
    return operations.softsign(this);
  }
  arctan(): Tensor {
    return operations.arctan(this);
  }
  /** min(max(x, low), high). Derivative at low and high: `selection`, default 1, as in PyTorch. */
  clip(low: number, high: number, options?: KinkOptions): Tensor {
    return operations.clip(this, low, high, options);
  }
  /**
   * The larger of the two, broadcasting. At a tie this tensor's derivative is `selection` and the other's 1 − selection;
   * default ½ each, as in PyTorch. A tie is a difference within 64 units of rounding of the larger operand's row.
   */
  maximum(other: Tensor, options?: KinkOptions): Tensor {
    return operations.maximum(this, this.beside('maximum: other', other), options);
  }
  /** The smaller of the two, broadcasting; derivatives at a tie as for `maximum`. */
  minimum(other: Tensor, options?: KinkOptions): Tensor {
    return operations.minimum(this, this.beside('minimum: other', other), options);
  }
  /** Sum over the axes (all of them when none is given); the axes stay, with extent 1, when `keepAxes`. */
  sum(axes?: number | readonly number[], options?: operations.AxesOptions): Tensor {
    return operations.sum(this, axes, options);
  }
  mean(axes?: number | readonly number[], options?: operations.AxesOptions): Tensor {
    return operations.mean(this, axes, options);
  }
  reshape(shape: Shape): Tensor {
    return operations.reshape(this, shape);
  }
  /** Axes in the order `permutation`; without it the last two are exchanged. */
  transpose(permutation?: readonly number[]): Tensor {
    return operations.transpose(this, permutation);
  }
  /** A block: from starts[a] on, sizes[a] numbers along axis a. */
  slice(starts: readonly number[], sizes: Shape): Tensor {
    return arrange.slice(this, starts, sizes);
  }
  /** The rows (along axis 0) at the indices, integers of the host; a row may be taken several times. */
  gather(indices: ArrayLike<number>): Tensor {
    return arrange.gather(this, indices);
  }
  /**
   * Each number is 0 with probability `rate`, from 0 to below 1, and else divided by 1 − rate, so that the mean stays
   * (Srivastava et al. 2014). Rate 0 changes nothing.
   */
  dropout(rate: number, options: normalise.DropoutOptions): Tensor {
    return normalise.dropout(this, rate, options);
  }
  /** gain·(x − mean)/√(variance + ε) + bias along the last axis (Ba, Kiros and Hinton 2016). */
  layerNorm(options?: normalise.LayerNormOptions): Tensor {
    const beside: ArgumentCheck = (place, value) => this.beside(place, value as Tensor);
    return normalise.layerNorm(this, readOptions('layerNorm', options, { gain: beside, bias: beside, epsilon: 0 }));
  }
  /** Along the last axis. */
  softmax(): Tensor {
    return operations.softmax(this);
  }
  /** Along the last axis. */
  logSoftmax(): Tensor {
    return operations.logSoftmax(this);
  }
}

const isInstance = (value: unknown): boolean => value instanceof Tensor;

export function isTensor(value: unknown): value is Tensor {
  return isSo(isInstance, value);
}

/** That is not disposed. */
export const TENSOR = /* @__PURE__ */ checkFor('a tensor', (value) => value instanceof Tensor && !value.isDisposed);

export const TENSORS: ArgumentCheck = (place, value) => {
  LIST(place, value);
  for (const [index, each] of (value as readonly unknown[]).entries()) TENSOR(`${place}[${index}]`, each);
};

type Several = Tensor | readonly Tensor[] | undefined;

/**
 * Tensors that are to be computed with together, by name.
 * @throws RangeError that names the first of another engine than the one before it
 */
export function checkTogether(what: string, tensors: Readonly<Record<string, Several>>): void {
  let first: Tensor | undefined;
  let named = '';
  for (const [name, given] of Object.entries(tensors)) {
    for (const [index, tensor] of (given === undefined || given instanceof Tensor ? [given] : given).entries()) {
      if (!first) [first, named] = [tensor, name];
      // Where a function is traced, its context says what is wrong.
      const isTraced = typeof first?.place === 'number' || typeof tensor?.place === 'number';
      if (!first || !tensor || tensor.context === first.context || isTraced) continue;
      const place = given === tensor ? name : `${name}[${index}]`;
      throw new RangeError(
        `${what}: ${place} is ${shown(tensor)} and belongs to another engine; it must be a tensor of that of ${named}`,
      );
    }
  }
}
