/**
 * From a Program to a plan: which buffer holds each slot, which calls write in place, and which copies a loop needs.
 *
 * Slots share a buffer when they are never needed at the same time. A value that leaves a pass is computed straight
 * into the buffer in which it enters the next one where that is safe, and copied at the end of the pass where it is
 * not. The plan relies on one property of loops: once the flag is 0 nothing in the body writes anything, so an entering
 * buffer may serve for something else between its last reading and the end of the pass.
 */
import type { Carried, Constant, Loop, Program, Statement } from './backend.ts';
import { ABSENT, type KernelCall } from './kernels.ts';
import { analyse, type Interval, type Liveness, overlap, slotsRead } from './liveness.ts';

export interface PlannedCall {
  readonly kind: 'call';
  readonly call: KernelCall;
  /** Buffer of each operand, ABSENT where there is none. */
  readonly operands: readonly number[];
  readonly output: number;
  /** Bit i is set where operand i is in the output's buffer. */
  readonly inPlace: number;
}

export interface PlannedCopy {
  readonly kind: 'copy';
  readonly from: number;
  readonly to: number;
  readonly size: number;
}

/**
 * Order of work: open the guard from `initialFlag`, `enter`; then the passes, each `body`, `leave` and a look at
 * `flag`. `enter` belongs to the surrounding scope, the rest is done only while the guard is open.
 */
export interface PlannedLoop {
  readonly kind: 'loop';
  /** Counts the loops of the Program. */
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

export interface PlannedBuffer {
  /** Numbers that it must hold. */
  readonly size: number;
  readonly role: BufferRole;
}

export interface Plan {
  readonly buffers: readonly PlannedBuffer[];
  readonly steps: readonly PlannedStatement[];
  readonly loops: number;
}

/** @param capacity the storage that a backend really sets aside for a size: slots of equal capacity may share it. */
export function planProgram(program: Program, capacity: (size: number) => number = (size) => size): Plan {
  return new Planner(program, capacity).plan();
}

/** Slots that share storage by decision (a carried value), with the ticks at which it is needed. */
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
    this.liveness = analyse(program);
    this.read = slotsRead(program);
    this.groupOf = program.sizes.map((size, slot) => {
      return { size, slots: [slot], intervals: [...this.liveness.intervals[slot]], buffer: ABSENT };
    });
  }

  plan(): Plan {
    this.mergeCarried(this.program.statements);
    this.assignBuffers();
    const steps = this.planSteps(this.program.statements);
    steps.push(...this.placeOutputs());
    return { buffers: this.buffers, steps, loops: this.loops };
  }

  private isGiven(slot: number): boolean {
    return this.program.inputs.includes(slot) || this.program.constants.has(slot);
  }

  /**
   * Lets carried values enter, change and leave in one buffer where their lifetimes allow; inner loops first, they run
   * most often.
   */
  private mergeCarried(steps: readonly Statement[]): void {
    const loops = steps.filter((step): step is Loop => step.kernel === 'loop');
    for (const loop of loops) this.mergeCarried(loop.body);
    for (const loop of loops) {
      for (const { entering, leaving } of this.kept(loop)) this.merge(entering, leaving);
      for (const { entering, initial } of this.kept(loop)) this.merge(entering, initial);
    }
  }

  private kept(loop: Loop): Carried[] {
    return loop.carried.filter(({ entering }) => this.read.has(entering));
  }

  private merge(slot: number, other: number): void {
    const group = this.groupOf[slot];
    const joined = this.groupOf[other];
    if (group === joined || this.isGiven(other) || group.size !== joined.size) return;
    if (overlap(group.intervals, joined.intervals)) return;
    group.slots.push(...joined.slots);
    group.intervals.push(...joined.intervals);
    for (const moved of joined.slots) this.groupOf[moved] = group;
  }

  private assignBuffers(): void {
    for (const [index, slot] of this.program.inputs.entries()) this.give(slot, { kind: 'input', index });
    for (const [slot, constant] of this.program.constants) this.give(slot, { kind: 'constant', constant });
    const begin = (group: Group): number => Math.min(...group.intervals.map(({ start }) => start));
    const pending = [...new Set(this.groupOf)]
      .filter(({ buffer, intervals }) => buffer === ABSENT && intervals.length > 0)
      .sort((p, q) => begin(p) - begin(q));
    const taken: { buffer: number; capacity: number; intervals: Interval[] }[] = [];
    for (const group of pending) {
      const capacity = this.capacity(group.size);
      let place = taken.find((other) => other.capacity === capacity && !overlap(other.intervals, group.intervals));
      if (!place) {
        place = { buffer: this.addBuffer(group.size), capacity, intervals: [] };
        taken.push(place);
      }
      place.intervals.push(...group.intervals);
      group.buffer = place.buffer;
      this.buffers[place.buffer].size = Math.max(this.buffers[place.buffer].size, group.size);
    }
  }

  private give(slot: number, role: BufferRole): void {
    this.groupOf[slot].buffer = this.addBuffer(this.program.sizes[slot], role);
  }

  private addBuffer(size: number, role: BufferRole = { kind: 'temporary' }): number {
    this.buffers.push({ size, role });
    return this.buffers.length - 1;
  }

  private bufferOf(slot: number): number {
    return slot === ABSENT ? ABSENT : this.groupOf[slot].buffer;
  }

  private planSteps(steps: readonly Statement[]): PlannedStatement[] {
    return steps.map((step) => (step.kernel === 'loop' ? this.planLoop(step) : this.planCall(step)));
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
    const kept = this.kept(loop);
    const move = (from: number, to: number): PlannedCopy => {
      return { kind: 'copy', from: this.bufferOf(from), to: this.bufferOf(to), size: this.program.sizes[to] };
    };
    return {
      kind: 'loop',
      index,
      initialFlag: this.bufferOf(loop.carried[0].initial),
      flag: this.bufferOf(this.liveness.flags.get(loop) ?? ABSENT),
      enter: this.inSequence(kept.map(({ initial, entering }) => move(initial, entering))),
      body: this.planSteps(loop.body),
      leave: this.inSequence(kept.map(({ leaving, entering }) => move(leaving, entering))),
      limit: loop.limit,
    };
  }

  /**
   * Copies that are meant to happen at once, in an order that gives the same; a cycle (a swap) goes through a further
   * buffer.
   */
  private inSequence(moves: readonly PlannedCopy[]): PlannedCopy[] {
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
      const aside = this.addBuffer(size);
      ordered.push({ kind: 'copy', from: saved, to: aside, size });
      pending = pending.map((move) => (move.from === saved ? { ...move, from: aside } : move));
    }
    return ordered;
  }

  /** The caller owns the outputs: inputs and constants are copied. */
  private placeOutputs(): PlannedCopy[] {
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
