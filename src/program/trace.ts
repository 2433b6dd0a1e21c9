/** Tracing: kernel calls are recorded in order, as a Program. */
import type { Carried, Constant, Loop, Program, Statement } from '../backends/backend.ts';
import type { KernelCall } from '../backends/kernels.ts';

/** A kernel call without its slots. */
export type CallWithoutSlots = KernelCall extends infer Call
  ? Call extends KernelCall
    ? Omit<Call, 'inputs' | 'output'>
    : never
  : never;

/** Builds one Program. Slots are numbered in the order in which they are created. */
export class Trace {
  private readonly sizes: number[] = [];
  private readonly inputs: number[] = [];
  private readonly constants = new Map<number, Constant>();
  private readonly constantSlots = new Map<string, number>();
  /** The list to which calls are appended: that of the Program, or the body of the loop that is being traced. */
  private statements: Statement[] = [];
  private depth = 0;
  private finished = false;

  constructor(readonly name: string) {}

  private addSlot(size: number): number {
    if (this.finished) throw new Error(`program ${this.name}: tracing has ended; its values cannot be used any more`);
    this.sizes.push(size);
    return this.sizes.length - 1;
  }

  input(size: number): number {
    const slot = this.addSlot(size);
    this.inputs.push(slot);
    return slot;
  }

  constant(constant: Constant, size: number): number {
    const key = `${size} ${JSON.stringify(constant)}`;
    const known = this.constantSlots.get(key);
    if (known !== undefined) return known;
    const slot = this.addSlot(size);
    this.constants.set(slot, constant);
    this.constantSlots.set(key, slot);
    return slot;
  }

  /** Appends a call and returns its output slot, which holds `size` numbers. */
  call(call: CallWithoutSlots, inputs: readonly number[], size: number): number {
    const output = this.addSlot(size);
    this.statements.push({ ...call, inputs, output } as KernelCall);
    return output;
  }

  /**
   * Traces a loop. `body` gets the entering slots and returns the leaving slots, with the same order and sizes. The
   * first slot is the flag: the loop repeats `body` while the first number of the flag is not 0, at most `limit` times.
   * @returns the slots that hold the final values
   */
  loop(initial: readonly number[], limit: number, body: (entering: readonly number[]) => readonly number[]): number[] {
    if (this.depth === 2) throw new Error(`program ${this.name}: loops nest one deep, this would be a third level`);
    if (!Number.isInteger(limit) || limit < 1) {
      throw new RangeError(`program ${this.name}: the loop limit is ${limit}; it must be a positive integer`);
    }
    const outer = this.statements;
    const entering = initial.map((slot) => this.addSlot(this.sizes[slot]));
    this.statements = [];
    this.depth += 1;
    let carried: Carried[];
    let statements: Statement[];
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
      statements = this.statements;
    } finally {
      this.statements = outer;
      this.depth -= 1;
    }
    const loop: Loop = { kernel: 'loop', carried, body: statements, limit };
    this.statements.push(loop);
    return entering;
  }

  finish(outputs: readonly number[]): Program {
    this.finished = true;
    if (new Set(outputs).size !== outputs.length)
      throw new Error(`program ${this.name}: one slot is named twice as an output`);
    const { name, sizes, inputs, constants } = this;
    return { name, sizes, inputs, constants, statements: dropUnreadCalls(this.statements, new Set(outputs)), outputs };
  }
}

/**
 * Removes the calls whose results nothing reads.
 * @param read the slots that later statements read; this function adds to it
 */
function dropUnreadCalls(statements: readonly Statement[], read: Set<number>): Statement[] {
  const kept: Statement[] = [];
  for (const statement of [...statements].reverse()) {
    if (statement.kernel === 'loop') {
      for (const { leaving } of statement.carried) read.add(leaving);
      kept.push({ ...statement, body: dropUnreadCalls(statement.body, read) });
      for (const { initial } of statement.carried) read.add(initial);
    } else if (read.has(statement.output)) {
      kept.push(statement);
      for (const slot of statement.inputs) read.add(slot);
    }
  }
  return kept.reverse();
}
