/** Tracing: kernel calls are written down, in order, as a Program. */
import type { Carried, Constant, Loop, Program, Statement } from '../backends/backend.ts';
import type { KernelCall } from '../backends/kernels.ts';

/** A kernel call before it is given its slots. */
export type CallWithoutSlots = KernelCall extends infer Call
  ? Call extends KernelCall
    ? Omit<Call, 'inputs' | 'output'>
    : never
  : never;

/** Builds one Program. Slots are numbered in the order in which they come into being. */
export class Trace {
  private readonly sizes: number[] = [];
  private readonly inputs: number[] = [];
  private readonly constants = new Map<number, Constant>();
  private readonly constantSlots = new Map<string, number>();
  /** The list that calls are appended to: the Program's own, or the body of the loop being traced. */
  private steps: Statement[] = [];
  private depth = 0;
  private finished = false;

  constructor(readonly name: string) {}

  private slot(size: number): number {
    if (this.finished) throw new Error(`program ${this.name}: tracing has ended; its values cannot be used any more`);
    this.sizes.push(size);
    return this.sizes.length - 1;
  }

  input(size: number): number {
    const slot = this.slot(size);
    this.inputs.push(slot);
    return slot;
  }

  constant(constant: Constant, size: number): number {
    const key = `${size} ${JSON.stringify(constant)}`;
    const known = this.constantSlots.get(key);
    if (known !== undefined) return known;
    const slot = this.slot(size);
    this.constants.set(slot, constant);
    this.constantSlots.set(key, slot);
    return slot;
  }

  /** Appends a call and returns its output slot, of `size` numbers. */
  call(call: CallWithoutSlots, inputs: readonly number[], size: number): number {
    const output = this.slot(size);
    this.steps.push({ ...call, inputs, output } as KernelCall);
    return output;
  }

  /**
   * Traces a loop. `body` gets the entering slots and returns the leaving ones, in the same order and of the same sizes;
   * the first is the flag: passes go on while its first number is not 0, at most `limit` times.
   * @returns the slots that hold the final values.
   */
  loop(initial: readonly number[], limit: number, body: (entering: readonly number[]) => readonly number[]): number[] {
    if (this.depth === 2) throw new Error(`program ${this.name}: loops nest one deep, this would be a third level`);
    if (!Number.isInteger(limit) || limit < 1) {
      throw new RangeError(`program ${this.name}: the loop limit is ${limit}; it must be a positive integer`);
    }
    const outer = this.steps;
    const entering = initial.map((slot) => this.slot(this.sizes[slot]));
    this.steps = [];
    this.depth += 1;
    let carried: Carried[];
    let steps: Statement[];
    try {
      const leaving = body(entering);
      if (leaving.length !== initial.length) {
        throw new Error(
          `program ${this.name}: the loop carries ${initial.length} values, its body returned ${leaving.length}`,
        );
      }
      carried = initial.map((slot, index) => {
        if (this.sizes[leaving[index]] !== this.sizes[slot]) {
          throw new Error(
            `program ${this.name}: carried value ${index} enters the loop with ${this.sizes[slot]} numbers and leaves with ${this.sizes[leaving[index]]}`,
          );
        }
        return { initial: slot, entering: entering[index], leaving: leaving[index] };
      });
      steps = this.steps;
    } finally {
      this.steps = outer;
      this.depth -= 1;
    }
    const loop: Loop = { kernel: 'loop', carried, body: steps, limit };
    this.steps.push(loop);
    return entering;
  }

  finish(outputs: readonly number[]): Program {
    this.finished = true;
    if (new Set(outputs).size !== outputs.length)
      throw new Error(`program ${this.name}: one slot is named twice as an output`);
    const { name, sizes, inputs, constants } = this;
    return { name, sizes, inputs, constants, statements: withoutUnread(this.steps, new Set(outputs)), outputs };
  }
}

/** The steps without the calls whose results nobody reads. @param read slots that are read behind them; grows */
function withoutUnread(steps: readonly Statement[], read: Set<number>): Statement[] {
  const kept: Statement[] = [];
  for (const step of [...steps].reverse()) {
    if (step.kernel === 'loop') {
      for (const { leaving } of step.carried) read.add(leaving);
      kept.push({ ...step, body: withoutUnread(step.body, read) });
      for (const { initial } of step.carried) read.add(initial);
    } else if (read.has(step.output)) {
      kept.push(step);
      for (const slot of step.inputs) read.add(slot);
    }
  }
  return kept.reverse();
}
