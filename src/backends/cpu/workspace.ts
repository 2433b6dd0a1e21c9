/**
 * Where the numbers of a Program are while it runs: in one array, which serves all Programs in turn and is as long as the
 * longest of them needs it. Slots that are never needed at the same time share places in it.
 *
 * The lifetimes are worked out here, and not taken from the plan that the other backends follow (liveness.ts), which is finer
 * and lets calls write in place: a fault in that one would not show if the oracle shared it.
 */
import type { Constant, Program, Statement } from '../backend.ts';
import { footprint } from '../footprint.ts';
import { ABSENT } from '../kernels.ts';

/** Where a slot is that has no place in the workspace: an input, an output, or one that nothing touches. */
const NOWHERE = -1;
const NOTHING = new Float64Array(0);

/** Where the slots of a Program are. */
export interface Layout {
  /** Of each slot, in numbers. */
  readonly offsets: readonly number[];
  /** Numbers that it takes. */
  readonly size: number;
  /** Estimated bytes of this object itself, and of its views. */
  readonly bytes: number;
  /** The slots that have a place in the workspace, in the array that is it: made at the first run. */
  views: { readonly of: Float64Array; readonly slots: readonly Float64Array[] } | undefined;
}

/** Bytes that a view takes, whatever it shows. */
const VIEW = 200;

export class Workspace {
  private numbers: Float64Array = NOTHING;
  private readonly layouts = new Map<Program, Layout>();
  /** Of all layouts. */
  layoutBytes = 0;

  /** Bytes that are there for whichever Program runs. */
  get bytes(): number {
    return this.numbers.byteLength;
  }

  /**
   * The slots for one run, which is to end before those for the next one are asked for: inputs as they are given, constants
   * filled in, each output in an array of its own, which is the caller's (where the output is not an input).
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

  /** Views would hold on to the numbers that were there before. */
  private resize(size: number): void {
    this.numbers = new Float64Array(size);
    for (const layout of this.layouts.values()) layout.views = undefined;
  }

  /** Lets go of what is kept for a Program, and of what only that one needed of the workspace. Returns the bytes. */
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

  /** Worked out once, until the Program is forgotten. */
  layoutOf(program: Program): Layout {
    const known = this.layouts.get(program);
    if (known) return known;
    const arranged = arrange(program);
    const viewed = arranged.offsets.filter((offset) => offset !== NOWHERE).length;
    const layout = { ...arranged, bytes: footprint(arranged) + VIEW * viewed, views: undefined };
    this.layouts.set(program, layout);
    this.layoutBytes += layout.bytes;
    return layout;
  }
}

/** Steps at which a slot is touched first and last; both are counted in the order of the work. */
interface Lifetime {
  readonly from: number;
  until: number;
}

function lifetimesOf({ constants, outputs, statements: steps }: Program): Map<number, Lifetime> {
  const lifetimes = new Map<number, Lifetime>();
  let now = 0;
  const touch = (slot: number): void => {
    const lifetime = lifetimes.get(slot);
    if (lifetime) lifetime.until = now;
    else if (slot !== ABSENT) lifetimes.set(slot, { from: now, until: now });
  };
  const walk = (list: readonly Statement[]): void => {
    for (const step of list) {
      now += 1;
      if (step.kernel !== 'loop') {
        for (const slot of [...step.inputs, step.output]) touch(slot);
        continue;
      }
      const start = now;
      for (const { initial, entering } of step.carried) for (const slot of [initial, entering]) touch(slot);
      walk(step.body);
      now += 1;
      for (const { entering, leaving } of step.carried) for (const slot of [entering, leaving]) touch(slot);
      // What was there before the first pass is read again by the next one.
      for (const lifetime of lifetimes.values()) {
        if (lifetime.from <= start && lifetime.until > start) lifetime.until = now;
      }
    }
  };
  for (const slot of constants.keys()) touch(slot);
  walk(steps);
  now += 1;
  for (const slot of outputs) touch(slot);
  return lifetimes;
}

/** Gives each slot, in the order in which they come to life, the first gap between those alive that is large enough. */
function arrange(program: Program): Pick<Layout, 'offsets' | 'size'> {
  const offsets = program.sizes.map(() => NOWHERE);
  const apart = new Set([...program.inputs, ...program.outputs]);
  const waiting = [...lifetimesOf(program)]
    .filter(([slot]) => !apart.has(slot))
    .sort(([, p], [, q]) => p.from - q.from);
  /** In the order of their places. */
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
