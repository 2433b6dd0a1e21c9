import {
  type Check as ArgumentCheck,
  createArgumentCheck,
  createArgumentError,
  isSatisfied,
  LIST,
} from '../arguments/check.ts';
import { describeValue } from '../arguments/describe-value.ts';
import { readOptions } from '../arguments/options.ts';
import type { Constant, Speculation } from '../backends/backend.ts';
import type { CallWithoutSlots } from '../program/trace.ts';
import type { Arena } from './arena.ts';
import * as arrange from './arrange.ts';
import * as normalise from './normalise.ts';
import * as operations from './operations.ts';
import type { Shape } from './shape.ts';
import { sizeOf } from './shape.ts';
import { formatTensor, INSPECT } from './text.ts';

/**
 * A place in which tensors live and kernels run: an engine, which enqueues calls at once, or a Program being traced,
 * which writes them down. Operations and solvers are written once, for both.
 */
export interface Context {
  /** The name of the backend; undefined for a Program being traced. */
  readonly backend?: string;
  /** The distance from 1 to the next number in the backend's precision. */
  readonly epsilon: number;
  /** @internal Calls a kernel; undefined stands for an absent operand. */
  call(call: CallWithoutSlots, inputs: readonly (Tensor | undefined)[], shape: Shape): Tensor;
  /** A tensor of constants. */
  constant(constant: Constant, shape: Shape): Tensor;
  /**
   * @internal Copies numbers of the host into a tensor that joins the arena of `beside`. A Program that is being traced
   * takes their present values.
   */
  upload(values: ArrayLike<number>, shape: Shape, beside: Tensor): Tensor;
  /** @internal An alias with another shape of the same size. */
  alias(tensor: Tensor, shape: Shape): Tensor;
  /** @internal Reads the numbers of a tensor. */
  download(tensor: Tensor): Promise<Float32Array | Float64Array>;
  /** @internal Frees a tensor; called once for each. */
  release(tensor: Tensor): void;
}

/**
 * A context in which solvers can be written: a Program being traced loops on the device, an engine enqueues pass
 * after pass.
 */
export interface LoopContext extends Context {
  /** @internal The largest n for which `iterateRows` replaces a loop; 0 if it never does. */
  readonly widestIteration: number;
  /** @internal The largest 2·batch·n² for which `passRows` replaces a pass; 0 if it never does. */
  readonly largestPass: number;
  /** @internal Whether the backend is one of `HOST_BACKENDS`, on which a kernel call costs no launch. */
  readonly runsOnHost: boolean;
  /**
   * Repeats `body` on the carried values while some sample is running, at most `limit` times. Passes after the last
   * sample has stopped may or may not run, so `body` must not change the values of a sample that has stopped.
   * @param initial values on entry, by name
   * @param running reads the row of statuses, [batch], from the carried values: 0 means running
   * @returns the values after the last pass
   */
  loop<Values extends Record<string, Tensor>>(
    initial: Values,
    running: (values: Values) => Tensor,
    limit: number,
    body: (values: Values) => Values,
  ): Values;
}

/** A solve or a speculation that tensors depend on. */
export interface Check {
  /** Rejects if the solve failed, or if the speculation did not hold. */
  readonly promise: Promise<void>;
  /** While it is open, work on tensors with this check is enqueued under it. */
  readonly speculation?: Speculation;
  /** Set once the promise has resolved; tensors computed later no longer inherit the check. */
  passed: boolean;
}

/** A tape: records operations so that they can be differentiated. */
export interface Recorder {
  /** Called with the fresh output of an operation that has at least one input on this tape. */
  record(operation: string, inputs: readonly Tensor[], output: Tensor, attributes: object): void;
  /**
   * How often the numbers of a tensor on this tape were read. No tape follows what is computed from numbers that were
   * read.
   */
  reads: number;
}

interface TapeNode {
  readonly recorder: Recorder;
  readonly index: number;
}

/** Options of operations with kinks. */
export interface KinkOptions {
  /** q from 0 to 1: at a kink the derivative is (1 − q)·min + q·max of the Clarke interval. */
  selection?: number;
}

/**
 * An array of numbers on a backend, row-major, of rank 0 to 4. Operations return new tensors at once; `data()` waits
 * for the numbers. Operations on two tensors broadcast as in NumPy; add, sub, mul and div also take a number as the
 * second operand.
 */
export class Tensor {
  /** @internal Set by the tape that follows this tensor. */
  node: TapeNode | undefined;
  private disposed = false;

  /**
   * @internal Use `engine.tensor` instead.
   * @param place the slot or the storage; only the context knows which
   */
  constructor(
    /** @internal The engine or the Program that the tensor belongs to. */
    readonly context: Context,
    /** The extents along the axes; [] for a single number. */
    readonly shape: Shape,
    /** @internal The slot or the storage; only the context knows which. */
    readonly place: unknown,
    /** @internal The solves and speculations that this tensor depends on. */
    readonly checks: ReadonlySet<Check>,
    /** @internal Disposes the tensor when the arena is emptied; tensors computed from this one join it too. */
    public arena: Arena | undefined,
  ) {
    arena?.add(this);
  }

  /** How many numbers the tensor holds. */
  get size(): number {
    return sizeOf(this.shape);
  }
  /** The name that error messages use. */
  get [Symbol.toStringTag](): string {
    return this.disposed ? 'disposed Tensor' : 'Tensor';
  }
  /** Shape, backend and, once they were read, the first numbers: what `console.log` and templates show. */
  toString(): string {
    return formatTensor(this);
  }
  /** What `console.log` shows in Node. */
  [INSPECT](): string {
    return formatTensor(this);
  }
  /** Whether `dispose` was called; a disposed tensor can no longer be read or computed with. */
  get isDisposed(): boolean {
    return this.disposed;
  }

  /**
   * Waits for the numbers and returns them, row-major: a Float64Array on cpu, else a Float32Array. Rejects
   * if the device failed, or if a solve that they depend on did not converge.
   */
  async data(): Promise<Float32Array | Float64Array> {
    if (this.node) this.node.recorder.reads += 1;
    if (this.checks.size === 0) return this.context.download(this);
    // Both are awaited together, so that a failing check never leaves the rejection of the download unhandled.
    const [numbers] = await Promise.all([this.context.download(this), this.verified()]);
    return numbers;
  }

  /** Resolves once every solve that this tensor depends on is known to have succeeded; rejects if one failed. */
  async verified(): Promise<void> {
    await Promise.all([...this.checks].map((check) => check.promise));
  }

  /** Frees the memory, unless an alias still uses it. Calling it again does nothing. */
  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.arena?.remove(this);
    this.context.release(this);
  }
  /** Frees the tensor, as `dispose` does: for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** @throws RangeError unless `other` can be computed with together with this tensor */
  private checkTensor(place: string, other: Tensor): Tensor {
    // While a function is traced, the context itself explains what is wrong with a tensor from outside.
    const isOfContext = isTensor(other) && (other.context === this.context || typeof this.place === 'number');
    if (isOfContext && !other.disposed) return other;
    throw createArgumentError(place, other, 'a tensor of the same engine');
  }
  private checkOperand(what: string, other: Tensor | number): Tensor | number {
    if (isTensor(other)) return this.checkTensor(`${what}: other`, other);
    if (Number.isFinite(other)) return other;
    throw createArgumentError(`${what}: other`, other, typeof other === 'number' ? 'finite' : 'a number or a tensor');
  }

  /** op(this)·op(other) for two matrices; the options say which of them op transposes. */
  matmul(other: Tensor, options?: operations.MatmulOptions): Tensor {
    return operations.matmul(this, this.checkTensor('matmul: other', other), options);
  }
  /** this + other, broadcasting. */
  add(other: Tensor | number): Tensor {
    return operations.add(this, this.checkOperand('add', other));
  }
  /** this − other, broadcasting. */
  sub(other: Tensor | number): Tensor {
    return operations.subtract(this, this.checkOperand('sub', other));
  }
  /** this · other element by element, broadcasting. */
  mul(other: Tensor | number): Tensor {
    return operations.multiply(this, this.checkOperand('mul', other));
  }
  /** this / other element by element, broadcasting. @throws RangeError if `other` is the number 0 */
  div(other: Tensor | number): Tensor {
    return operations.divide(this, this.checkOperand('div', other));
  }
  /** −x */
  neg(): Tensor {
    return operations.negate(this);
  }
  /** eˣ, element by element. */
  exp(): Tensor {
    return operations.exp(this);
  }
  /** The natural logarithm, element by element. */
  log(): Tensor {
    return operations.log(this);
  }
  /** √x, element by element. */
  sqrt(): Tensor {
    return operations.sqrt(this);
  }
  /** x², element by element. */
  square(): Tensor {
    return operations.square(this);
  }
  /** The hyperbolic tangent, element by element. */
  tanh(): Tensor {
    return operations.tanh(this);
  }
  /** 1 / (1 + e⁻ˣ), element by element. */
  sigmoid(): Tensor {
    return operations.sigmoid(this);
  }
  /** max(x, 0). Derivative at 0: `selection`, default 0. */
  relu(options?: KinkOptions): Tensor {
    return operations.relu(this, options);
  }
  /** |x|. Derivative at 0: 2·selection − 1. Default selection ½, that is, the derivative 0. */
  abs(options?: KinkOptions): Tensor {
    return operations.abs(this, options);
  }
  /** sign(x)·max(|x| − threshold, 0). Derivative at ±threshold: `selection`, default 0. */
  softThreshold(threshold: number, options?: KinkOptions): Tensor {
    return operations.softThreshold(this, threshold, options);
  }
  /**
   * x for x > 0, else slope·x, with slope ≤ 1; default 0.01. Derivative at 0: (1 − selection)·slope + selection;
   * default slope.
   */
  leakyRelu(slope = 0.01, options?: KinkOptions): Tensor {
    return operations.leakyRelu(this, slope, options);
  }
  /**
   * x for x > 0, else α(eˣ − 1), with 0 ≤ α ≤ 1; default 1. Derivative at 0: (1 − selection)·α + selection; default
   * α.
   */
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
  /** The arc tangent, element by element. */
  arctan(): Tensor {
    return operations.arctan(this);
  }
  /** min(max(x, low), high). Derivative at low and at high: `selection`, default 1, as in PyTorch. */
  clip(low: number, high: number, options?: KinkOptions): Tensor {
    return operations.clip(this, low, high, options);
  }
  /**
   * The larger of the two, broadcasting. At a tie the derivative of this tensor is `selection`, and that of the other
   * one is 1 − selection; default ½ each, as in PyTorch. Two numbers tie if they differ by at most 64 units of
   * rounding of the larger operand's row.
   */
  maximum(other: Tensor, options?: KinkOptions): Tensor {
    return operations.maximum(this, this.checkTensor('maximum: other', other), options);
  }
  /** The smaller of the two, broadcasting; derivatives at a tie as for `maximum`. */
  minimum(other: Tensor, options?: KinkOptions): Tensor {
    return operations.minimum(this, this.checkTensor('minimum: other', other), options);
  }
  /** Sums over the axes. @param axes default: all; negative ones count from the end */
  sum(axes?: number | readonly number[], options?: operations.AxesOptions): Tensor {
    return operations.sum(this, axes, options);
  }
  /** Averages over the axes. @param axes default: all; negative ones count from the end */
  mean(axes?: number | readonly number[], options?: operations.AxesOptions): Tensor {
    return operations.mean(this, axes, options);
  }
  /** The same numbers in another shape of the same size. */
  reshape(shape: Shape): Tensor {
    return operations.reshape(this, shape);
  }
  /** Permutes the axes. @param permutation the old axis for each new one. Default: the last two are exchanged */
  transpose(permutation?: readonly number[]): Tensor {
    return operations.transpose(this, permutation);
  }
  /** Takes a block: sizes[a] numbers along axis a, from starts[a] on. */
  slice(starts: readonly number[], sizes: Shape): Tensor {
    return arrange.slice(this, starts, sizes);
  }
  /**
   * Takes what is at the indices along an axis.
   * @param indices integers on the host; each may occur several times
   * @param axis default 0; a negative one counts from the end
   */
  gather(indices: ArrayLike<number>, axis?: number): Tensor {
    return arrange.gather(this, indices, axis);
  }
  /**
   * Sets each number to 0 with probability `rate`, and divides the others by 1 − rate, so that the mean stays
   * (Srivastava et al. 2014). @param rate from 0, which changes nothing, to below 1
   */
  dropout(rate: number, options: normalise.DropoutOptions): Tensor {
    return normalise.dropout(this, rate, options);
  }
  /** gain·(x − mean)/√(variance + ε) + bias along the last axis (Ba, Kiros and Hinton 2016). */
  layerNorm(options?: normalise.LayerNormOptions): Tensor {
    const beside: ArgumentCheck = (place, value) => this.checkTensor(place, value as Tensor);
    return normalise.layerNorm(this, readOptions('layerNorm', options, { gain: beside, bias: beside, epsilon: 0 }));
  }
  /** The softmax along the last axis. */
  softmax(): Tensor {
    return operations.softmax(this);
  }
  /** The logarithm of the softmax along the last axis. */
  logSoftmax(): Tensor {
    return operations.logSoftmax(this);
  }
}

const isInstance = (value: unknown): boolean => value instanceof Tensor;

export function isTensor(value: unknown): value is Tensor {
  return isSatisfied(isInstance, value);
}

/** A tensor that is not disposed. */
export const TENSOR = /* @__PURE__ */ createArgumentCheck(
  'a tensor',
  (value) => value instanceof Tensor && !value.isDisposed,
);

export const TENSORS: ArgumentCheck = (place, value) => {
  LIST(place, value);
  for (const [index, each] of (value as readonly unknown[]).entries()) TENSOR(`${place}[${index}]`, each);
};

type TensorOrTensors = Tensor | readonly Tensor[] | undefined;

/**
 * Checks that tensors which are computed with together belong to one engine.
 * @param tensors by name
 * @throws RangeError that names the first tensor of another engine
 */
export function checkTogether(what: string, tensors: Readonly<Record<string, TensorOrTensors>>): void {
  let first: Tensor | undefined;
  let named = '';
  for (const [name, given] of Object.entries(tensors)) {
    for (const [index, tensor] of (given === undefined || given instanceof Tensor ? [given] : given).entries()) {
      if (!first) [first, named] = [tensor, name];
      // While a function is traced, its context itself explains what is wrong.
      const isTraced = typeof first?.place === 'number' || typeof tensor?.place === 'number';
      if (!first || !tensor || tensor.context === first.context || isTraced) continue;
      const place = given === tensor ? name : `${name}[${index}]`;
      throw new RangeError(
        `${what}: ${place} is ${describeValue(tensor)} and belongs to another engine; it must be a tensor of that of ${named}`,
      );
    }
  }
}
