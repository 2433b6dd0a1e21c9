/** The context that writes calls down as a Program instead of running them. */
import type { Constant, Program } from '../backends/backend.ts';
import { type CallWithoutSlots, Trace } from '../program/trace.ts';
import { NO_CHECKS } from './checks.ts';
import { elementwise, reduceAll, slotsOf } from './kernels.ts';
import { formatShape, type Shape, sizeOf } from './shape.ts';
import { type LoopContext, Tensor } from './tensor.ts';

export class Tracing implements LoopContext {
  private readonly trace: Trace;

  readonly epsilon: number;
  readonly widestIteration: number;
  readonly largestPass: number;
  readonly runsOnHost: boolean;

  constructor(
    name: string,
    {
      epsilon,
      widestIteration,
      largestPass,
      runsOnHost,
    }: Pick<LoopContext, 'epsilon' | 'widestIteration' | 'largestPass' | 'runsOnHost'>,
  ) {
    this.trace = new Trace(name);
    this.epsilon = epsilon;
    this.widestIteration = widestIteration;
    this.largestPass = largestPass;
    this.runsOnHost = runsOnHost;
  }

  private wrap(slot: number, shape: Shape): Tensor {
    return new Tensor(this, shape, slot, NO_CHECKS, undefined);
  }

  private slotOf(tensor: Tensor): number {
    if (tensor.context !== this) {
      throw new Error(
        `program ${this.trace.name}: a tensor ${formatShape(tensor.shape)} from outside was used; pass it as an input`,
      );
    }
    return tensor.place as number;
  }

  input(shape: Shape): Tensor {
    return this.wrap(this.trace.input(sizeOf(shape)), shape);
  }

  call(call: CallWithoutSlots, inputs: readonly (Tensor | undefined)[], shape: Shape): Tensor {
    const slots = slotsOf(inputs, (tensor) => this.slotOf(tensor));
    return this.wrap(this.trace.call(call, slots, sizeOf(shape)), shape);
  }

  constant(constant: Constant, shape: Shape): Tensor {
    return this.wrap(this.trace.constant(constant, sizeOf(shape)), shape);
  }

  upload(values: ArrayLike<number>, shape: Shape): Tensor {
    return this.constant({ kind: 'values', values: Array.from(values) }, shape);
  }

  alias(tensor: Tensor, shape: Shape): Tensor {
    return this.wrap(this.slotOf(tensor), shape);
  }

  loop<Values extends Record<string, Tensor>>(
    initial: Values,
    running: (values: Values) => Tensor,
    limit: number,
    body: (values: Values) => Values,
  ): Values {
    const names = Object.keys(initial);
    const flagOf = (values: Values): number => this.slotOf(reduceAll('anyZero', running(values)));
    const named = (slots: readonly number[]): Values =>
      Object.fromEntries(
        names.map((name, index) => [name, this.wrap(slots[index + 1], initial[name].shape)]),
      ) as Values;
    const enter = [flagOf(initial), ...names.map((name) => this.slotOf(initial[name]))];
    const final = this.trace.loop(enter, limit, (entering) => {
      const leaving = body(named(entering));
      return [flagOf(leaving), ...names.map((name) => this.slotOf(leaving[name]))];
    });
    return named(final);
  }

  finish(outputs: readonly Tensor[]): Program {
    const seen = new Set<number>();
    const slots = outputs.map((output) => {
      let slot = this.slotOf(output);
      // A Program names each output slot once; a second mention needs a copy.
      if (seen.has(slot)) slot = this.slotOf(elementwise('copy', [output]));
      seen.add(slot);
      return slot;
    });
    return this.trace.finish(slots);
  }

  async download(): Promise<never> {
    throw new Error(`program ${this.trace.name}: numbers cannot be read while a Program is traced`);
  }

  /** Does nothing: the backend's plan frees slots. */
  release(): void {}
}
