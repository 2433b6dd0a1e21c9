/**
 * Where the numbers of a Program lie while it runs: in one array, which all Programs use in turn and which is as long
 * as the largest of them requires. Slots that are never needed at the same time share space in it.
 *
 * The oracle computes lifetimes here instead of sharing liveness.ts with the other backends, whose plan is finer and
 * lets calls write in place: otherwise no comparison with the oracle could reveal a fault in that plan.
 */
import type { Constant, Program, Statement } from '../backend.ts';
import { estimateFootprint } from '../footprint.ts';
import { ABSENT } from '../kernels.ts';

/** The offset of a slot without a place in the workspace: an input, an output, or a slot that is never used. */
const NOWHERE = -1;
const NOTHING = new Float64Array(0);

/** Where the slots of a Program lie in the workspace. */
export interface Layout {
  /** The offset of each slot, in numbers. */
  readonly offsets: readonly number[];
  /** The numbers that all slots take together. */
  readonly size: number;
  /** An estimate of the bytes of this object and its views. */
  readonly bytes: number;
  /** A view of each slot in the workspace, and the array that they view; created at the first run. */
  views: { readonly of: Float64Array; readonly slots: readonly Float64Array[] } | undefined;
}

/** The bytes that a view takes, whatever its length. */
const VIEW = 200;

export class Workspace {
  private numbers: Float64Array = NOTHING;
  private readonly layouts = new Map<Program, Layout>();
  /** Bytes of all layouts. */
  layoutBytes = 0;

  /** Bytes of the array that all Programs share. */
  get bytes(): number {
    return this.numbers.byteLength;
  }

  /**
   * The slots for one run, which must end before the slots for the next run are requested. Inputs are used as they are,
   * and constants are filled in. Each output that is not an input has an array of its own, which belongs to the caller.
   */
  slotsFor(program: Program, layout: Layout, inputs: readonly Float64Array[]): Float64Array[] {
    const slots = this.viewsOf(program, layout).slice();
    for (const slot of program.outputs) slots[slot] = new Float64Array(program.sizes[slot]);
    for (const [index, slot] of program.inputs.entries()) slots[slot] = inputs[index];
    for (const [slot, constant] of program.constants) fillConstant(constant, slots[slot]);
    return slots;
  }

  private viewsOf({ sizes }: Program, layout: Layout): readonly Float64Array[] {
    const { offsets, size, views } = layout;
    if (size > this.numbers.length) this.resize(size);
    const { numbers } = this;
    if (views?.of === numbers) return views.slots;
    const slots = offsets.map((offset, slot) =>
      offset === NOWHERE ? NOTHING : numbers.subarray(offset, offset + sizes[slot]),
    );
    layout.views = { of: numbers, slots };
    return slots;
  }

  /** Replaces the array, and drops all views, which would keep the old array alive. */
  private resize(size: number): void {
    this.numbers = new Float64Array(size);
    for (const layout of this.layouts.values()) layout.views = undefined;
  }

  /** Forgets a Program, and shrinks the workspace if only that one needed its size. @returns the bytes of its layout */
  forget(program: Program): number {
    const layout = this.layouts.get(program);
    if (!layout) return 0;
    this.layouts.delete(program);
    this.layoutBytes -= layout.bytes;
    if (layout.size === this.numbers.length) {
      const longest = Math.max(0, ...[...this.layouts.values()].map(({ size }) => size));
      if (longest < this.numbers.length) this.resize(longest);
    }
    return layout.bytes;
  }

  clear(): void {
    this.layouts.clear();
    this.layoutBytes = 0;
    this.numbers = NOTHING;
  }

  /** The layout of a Program, which is computed once and kept until the Program is forgotten. */
  layoutOf(program: Program): Layout {
    const known = this.layouts.get(program);
    if (known) return known;
    const arranged = arrange(program);
    const viewed = arranged.offsets.filter((offset) => offset !== NOWHERE).length;
    const layout = { ...arranged, bytes: estimateFootprint(arranged) + VIEW * viewed, views: undefined };
    this.layouts.set(program, layout);
    this.layoutBytes += layout.bytes;
    return layout;
  }
}

/** The first and the last time at which a slot is used. Times count statements in the order in which they run. */
interface Lifetime {
  readonly from: number;
  until: number;
}

function lifetimesOf({ constants, outputs, statements }: Program): Map<number, Lifetime> {
  const lifetimes = new Map<number, Lifetime>();
  let now = 0;
  const touch = (slot: number): void => {
    const lifetime = lifetimes.get(slot);
    if (lifetime) lifetime.until = now;
    else if (slot !== ABSENT) lifetimes.set(slot, { from: now, until: now });
  };
  const walk = (list: readonly Statement[]): void => {
    for (const statement of list) {
      now += 1;
      if (statement.kernel !== 'loop') {
        for (const slot of [...statement.inputs, statement.output]) touch(slot);
        continue;
      }
      const start = now;
      for (const { initial, entering } of statement.carried) for (const slot of [initial, entering]) touch(slot);
      walk(statement.body);
      now += 1;
      for (const { entering, leaving } of statement.carried) for (const slot of [entering, leaving]) touch(slot);
      // A slot that was assigned before the loop and is used in it is read again in the next pass.
      for (const lifetime of lifetimes.values()) {
        if (lifetime.from <= start && lifetime.until > start) lifetime.until = now;
      }
    }
  };
  for (const slot of constants.keys()) touch(slot);
  walk(statements);
  now += 1;
  for (const slot of outputs) touch(slot);
  return lifetimes;
}

/**
 * Places each slot, in the order of their first uses, into the first gap between the live slots that is large enough.
 */
function arrange(program: Program): Pick<Layout, 'offsets' | 'size'> {
  const offsets = program.sizes.map(() => NOWHERE);
  const apart = new Set([...program.inputs, ...program.outputs]);
  const waiting = [...lifetimesOf(program)]
    .filter(([slot]) => !apart.has(slot))
    .sort(([, p], [, q]) => p.from - q.from);
  /** The slots in use, in the order of their offsets. */
  let alive: { offset: number; end: number; until: number }[] = [];
  let size = 0;
  for (const [slot, { from, until }] of waiting) {
    alive = alive.filter((other) => other.until >= from);
    const needed = program.sizes[slot];
    let [place, offset] = [0, 0];
    while (place < alive.length && alive[place].offset - offset < needed) {
      offset = alive[place].end;
      place += 1;
    }
    alive.splice(place, 0, { offset, end: offset + needed, until });
    offsets[slot] = offset;
    size = Math.max(size, offset + needed);
  }
  return { offsets, size };
}

function fillConstant(constant: Constant, values: Float64Array): void {
  if (constant.kind === 'values') {
    values.set(constant.values);
    return;
  }
  values.fill(constant.kind === 'fill' ? constant.value : 0);
  if (constant.kind === 'identity') {
    for (let i = 0; i < constant.order; i++) values[i * constant.order + i] = 1;
  }
}
