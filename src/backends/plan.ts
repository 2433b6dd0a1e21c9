/**
 * Plans the memory of a Program: which buffer holds each slot, which calls write in place, and which copies a loop
 * needs.
 *
 * Slots share a buffer if they are never needed at the same time. A value that leaves a pass is computed directly in
 * the buffer in which it enters the next pass if that is safe, and otherwise copied there at the end of the pass. The
 * plan relies on one property of loops: once the flag is 0, nothing in the body writes anything. Hence the buffer of an
 * entering slot may hold something else between its last reading and the end of the pass.
 */
import type { Carried, Constant, Loop, Program, Statement } from './backend.ts';
import { ABSENT, type KernelCall } from './kernels.ts';
import { analyseLiveness, doOverlap, findReadSlots, type Interval, type Liveness } from './liveness.ts';

export interface PlannedCall {
  readonly kind: 'call';
  readonly call: KernelCall;
  /** The buffer of each operand, or ABSENT. */
  readonly operands: readonly number[];
  readonly output: number;
  /** Bit i is set if operand i is in the buffer of the output. */
  readonly inPlace: number;
}

export interface PlannedCopy {
  readonly kind: 'copy';
  readonly from: number;
  readonly to: number;
  readonly size: number;
}

/**
 * A loop first sets its guard from `initialFlag` and carries out the copies `enter`. Then the passes follow: each
 * consists of `body`, the copies `leave`, and setting the guard from `flag`. The passes do nothing once the guard is
 * closed; `enter` depends on the guard of the surrounding loop only.
 */
export interface PlannedLoop {
  readonly kind: 'loop';
  /** The position among all loops of the Program. */
  readonly index: number;
  readonly initialFlag: number;
  readonly flag: number;
  readonly enter: readonly PlannedCopy[];
  readonly body: readonly PlannedStatement[];
  readonly leave: readonly PlannedCopy[];
  readonly limit: number;
}

export type PlannedStatement = PlannedCall | PlannedCopy | PlannedLoop;

export type BufferRole =
  | { readonly kind: 'input'; readonly index: number }
  | { readonly kind: 'constant'; readonly constant: Constant }
  | { readonly kind: 'output'; readonly index: number }
  | { readonly kind: 'temporary' };

interface PlannedBuffer {
  /** How many numbers it must hold. */
  readonly size: number;
  readonly role: BufferRole;
}

export interface Plan {
  readonly buffers: readonly PlannedBuffer[];
  readonly statements: readonly PlannedStatement[];
  /** The number of loops, including inner ones. */
  readonly loops: number;
}

/** @param capacity the size that a backend allocates for a given size; slots of equal capacity may share a buffer */
export function planProgram(program: Program, capacity: (size: number) => number = (size) => size): Plan {
  return new Planner(program, capacity).plan();
}

/** Slots that deliberately share a buffer, such as those of a carried value, and the ticks at which it is needed. */
interface Group {
  size: number;
  slots: number[];
  intervals: Interval[];
  buffer: number;
}

class Planner {
  private readonly liveness: Liveness;
  private readonly read: ReadonlySet<number>;
  private readonly groupOf: Group[];
  private readonly buffers: { size: number; role: BufferRole }[] = [];
  private loops = 0;

  constructor(
    private readonly program: Program,
    private readonly capacity: (size: number) => number,
  ) {
    this.liveness = analyseLiveness(program);
    this.read = findReadSlots(program);
    this.groupOf = program.sizes.map((size, slot) => {
      return { size, slots: [slot], intervals: [...this.liveness.intervals[slot]], buffer: ABSENT };
    });
  }

  plan(): Plan {
    this.mergeCarried(this.program.statements);
    this.assignBuffers();
    const statements = this.planStatements(this.program.statements);
    statements.push(...this.planOutputs());
    return { buffers: this.buffers, statements: statements, loops: this.loops };
  }

  private isGiven(slot: number): boolean {
    return this.program.inputs.includes(slot) || this.program.constants.has(slot);
  }

  /**
   * Gives the slots of a carried value one buffer if their lifetimes allow it. Inner loops come first, as they run most
   * often.
   */
  private mergeCarried(statements: readonly Statement[]): void {
    const loops = statements.filter((statement): statement is Loop => statement.kernel === 'loop');
    for (const loop of loops) this.mergeCarried(loop.body);
    for (const loop of loops) {
      for (const { entering, leaving } of this.storedCarried(loop)) this.mergeSlots(entering, leaving);
      for (const { entering, initial } of this.storedCarried(loop)) this.mergeSlots(entering, initial);
    }
  }

  private storedCarried(loop: Loop): Carried[] {
    return loop.carried.filter(({ entering }) => this.read.has(entering));
  }

  private mergeSlots(slot: number, other: number): void {
    const group = this.groupOf[slot];
    const joined = this.groupOf[other];
    if (group === joined || this.isGiven(other) || group.size !== joined.size) return;
    if (doOverlap(group.intervals, joined.intervals)) return;
    group.slots.push(...joined.slots);
    group.intervals.push(...joined.intervals);
    for (const moved of joined.slots) this.groupOf[moved] = group;
  }

  private assignBuffers(): void {
    for (const [index, slot] of this.program.inputs.entries()) this.giveBuffer(slot, { kind: 'input', index });
    for (const [slot, constant] of this.program.constants) this.giveBuffer(slot, { kind: 'constant', constant });
    const begin = (group: Group): number => Math.min(...group.intervals.map(({ start }) => start));
    const pending = [...new Set(this.groupOf)]
      .filter(({ buffer, intervals }) => buffer === ABSENT && intervals.length > 0)
      .sort((p, q) => begin(p) - begin(q));
    const taken: { buffer: number; capacity: number; intervals: Interval[] }[] = [];
    for (const group of pending) {
      const capacity = this.capacity(group.size);
      let place = latest(
        taken.filter((other) => other.capacity === capacity && !doOverlap(other.intervals, group.intervals)),
        begin(group),
      );
      if (!place) {
        place = { buffer: this.addBuffer(group.size), capacity, intervals: [] };
        taken.push(place);
      }
      place.intervals.push(...group.intervals);
      group.buffer = place.buffer;
      this.buffers[place.buffer].size = Math.max(this.buffers[place.buffer].size, group.size);
    }
  }

  private giveBuffer(slot: number, role: BufferRole): void {
    this.groupOf[slot].buffer = this.addBuffer(this.program.sizes[slot], role);
  }

  private addBuffer(size: number, role: BufferRole = { kind: 'temporary' }): number {
    this.buffers.push({ size, role });
    return this.buffers.length - 1;
  }

  private bufferOf(slot: number): number {
    return slot === ABSENT ? ABSENT : this.groupOf[slot].buffer;
  }

  private planStatements(statements: readonly Statement[]): PlannedStatement[] {
    return statements.map((statement) =>
      statement.kernel === 'loop' ? this.planLoop(statement) : this.planCall(statement),
    );
  }

  private planCall(call: KernelCall): PlannedCall {
    const output = this.bufferOf(call.output);
    const operands = call.inputs.map((slot) => this.bufferOf(slot));
    let inPlace = 0;
    for (const [index, operand] of operands.entries()) if (operand === output) inPlace |= 1 << index;
    return { kind: 'call', call, operands, output, inPlace };
  }

  private planLoop(loop: Loop): PlannedLoop {
    const index = this.loops++;
    const carried = this.storedCarried(loop);
    const move = (from: number, to: number): PlannedCopy => {
      return { kind: 'copy', from: this.bufferOf(from), to: this.bufferOf(to), size: this.program.sizes[to] };
    };
    return {
      kind: 'loop',
      index,
      initialFlag: this.bufferOf(loop.carried[0].initial),
      flag: this.bufferOf(this.liveness.flags.get(loop) ?? ABSENT),
      enter: this.orderCopies(carried.map(({ initial, entering }) => move(initial, entering))),
      body: this.planStatements(loop.body),
      leave: this.orderCopies(carried.map(({ leaving, entering }) => move(leaving, entering))),
      limit: loop.limit,
    };
  }

  /**
   * Orders copies that are meant to be simultaneous so that the result is the same. A cycle, such as a swap, needs one
   * more buffer.
   */
  private orderCopies(moves: readonly PlannedCopy[]): PlannedCopy[] {
    let pending = moves.filter(({ from, to }) => from !== to);
    const ordered: PlannedCopy[] = [];
    while (pending.length > 0) {
      const ready = pending.find(({ to }) => !pending.some(({ from }) => from === to));
      if (ready) {
        ordered.push(ready);
        pending = pending.filter((move) => move !== ready);
        continue;
      }
      const { from: saved, size } = pending[0];
      const temporary = this.addBuffer(size);
      ordered.push({ kind: 'copy', from: saved, to: temporary, size });
      pending = pending.map((move) => (move.from === saved ? { ...move, from: temporary } : move));
    }
    return ordered;
  }

  /** The caller owns the outputs, so an output that is an input or a constant is copied. */
  private planOutputs(): PlannedCopy[] {
    const copies: PlannedCopy[] = [];
    for (const [index, slot] of this.program.outputs.entries()) {
      const role: BufferRole = { kind: 'output', index };
      const from = this.bufferOf(slot);
      if (!this.isGiven(slot)) {
        this.buffers[from].role = role;
        continue;
      }
      const size = this.program.sizes[slot];
      copies.push({ kind: 'copy', from, to: this.addBuffer(size, role), size });
    }
    return copies;
  }
}

/** Of places for something that begins at a tick, the one that was needed last before: it is in the cache most probably. */
function latest<Place extends { readonly intervals: readonly Interval[] }>(
  places: readonly Place[],
  begin: number,
): Place | undefined {
  const freedAt = ({ intervals }: Place): number =>
    Math.max(...intervals.map(({ end }) => (end < begin ? end : Number.NEGATIVE_INFINITY)));
  let best: Place | undefined;
  for (const place of places) if (!best || freedAt(place) > freedAt(best)) best = place;
  return best;
}
