/**
 * Determines when the content of each slot of a Program is needed.
 *
 * Time is counted in ticks. A statement takes two of them: it reads at the first and writes at the second. An operand
 * that may be overwritten while it is read (see `findAlignedOperands`) is read at the first tick only, any other
 * operand at both. Hence two slots may share storage exactly when their intervals do not overlap.
 */
import type { Loop, Program, Statement } from './backend.ts';
import { ABSENT, type ElementwiseCall, type KernelCall, type OperandLayout } from './kernels.ts';

/** A range of ticks, both ends included. */
export interface Interval {
  start: number;
  end: number;
}

export interface Liveness {
  /** The intervals of each slot; none for a slot that nothing reads. */
  readonly intervals: readonly (readonly Interval[])[];
  /** The slot that holds the flag after a pass, for each loop. */
  readonly flags: ReadonlyMap<Loop, number>;
}

/** One definition of a slot. Entering slots have two: one inside the loop and one after it. */
interface Version extends Interval {
  /** The number of loops around the definition. */
  readonly depth: number;
}

/** Calls `visit` with each statement, with loops before their bodies. */
export function forEachStatement(statements: readonly Statement[], visit: (statement: Statement) => void): void {
  for (const statement of statements) {
    visit(statement);
    if (statement.kernel === 'loop') forEachStatement(statement.body, visit);
  }
}

/** The slots that something reads. An entering slot that nothing reads, usually that of the flag, needs no storage. */
export function findReadSlots(program: Program): Set<number> {
  const read = new Set<number>(program.outputs);
  forEachStatement(program.statements, (statement) => {
    if (statement.kernel !== 'loop') {
      for (const slot of statement.inputs) read.add(slot);
      return;
    }
    for (const { initial, entering, leaving } of statement.carried) {
      read.add(initial);
      if (leaving !== entering) read.add(leaving);
    }
    // If the flag leaves as another entering slot, the copies at the end of the pass overwrite it: it needs its own
    // slot.
    const flag = statement.carried[0];
    if (statement.carried.some(({ entering }) => entering === flag.leaving)) read.add(flag.entering);
  });
  return read;
}

/**
 * For each operand, whether an invocation reads only the element that it writes: then the output may take its storage.
 */
function findAlignedOperands(call: KernelCall, sizes: readonly number[]): boolean[] {
  const sameSize = (slot: number): boolean => slot !== ABSENT && sizes[slot] === sizes[call.output];
  switch (call.kernel) {
    case 'elementwise':
      return call.inputs.map((slot, index) => sameSize(slot) && isContiguous(call, call.layouts[index]));
    case 'combine':
      return call.inputs.map((slot, index) => index < 3 && sameSize(slot));
    case 'scalar':
      return call.inputs.map((slot, index) => {
        if (call.operation === 'monitor') return index === 0;
        return !call.shared[index] && sameSize(slot);
      });
    default:
      return call.inputs.map(() => false);
  }
}

/** Whether the operand has the layout of the output. */
export function isContiguous(call: ElementwiseCall, layout: OperandLayout): boolean {
  let expected = 1;
  for (let axis = 3; axis >= 0; axis--) {
    if (call.shape[axis] !== 1 && layout.strides[axis] !== expected) return false;
    expected *= call.shape[axis];
  }
  return layout.offset === 0;
}

/** Walks through the statements once, and gives each definition of a slot the interval in which it is needed. */
export function analyseLiveness(program: Program): Liveness {
  const read = findReadSlots(program);
  const versions: Version[][] = program.sizes.map(() => []);
  const flags = new Map<Loop, number>();
  /**
   * For each open loop, the versions that were defined outside and are read inside: they are needed until the last
   * pass.
   */
  const open: Set<Version>[] = [];
  let tick = 0;

  const define = (slot: number, at: number): void => {
    versions[slot].push({ start: at, end: at, depth: open.length });
  };
  const use = (slot: number, at: number): void => {
    const version = versions[slot].at(-1);
    if (!version) throw new Error(`program ${program.name}: slot ${slot} is read before it is written`);
    version.end = Math.max(version.end, at);
    for (let depth = version.depth; depth < open.length; depth++) open[depth].add(version);
  };

  const walk = (statements: readonly Statement[]): void => {
    for (const statement of statements) {
      if (statement.kernel === 'loop') {
        walkLoop(statement);
        continue;
      }
      const aligned = findAlignedOperands(statement, program.sizes);
      for (const [index, slot] of statement.inputs.entries()) {
        if (slot !== ABSENT) use(slot, aligned[index] ? tick : tick + 1);
      }
      define(statement.output, tick + 1);
      tick += 2;
    }
  };

  const walkLoop = (loop: Loop): void => {
    const stored = loop.carried.filter(({ entering }) => read.has(entering));
    for (const { initial } of loop.carried) use(initial, tick);
    open.push(new Set());
    for (const { entering } of stored) define(entering, tick + 1);
    tick += 2;
    walk(loop.body);
    for (const { leaving } of loop.carried) if (read.has(leaving)) use(leaving, tick);
    // The flag is read after the copies, since these belong to the pass and run while its guard is still open.
    const flag = loop.carried[0];
    const source = read.has(flag.entering) ? flag.entering : flag.leaving;
    flags.set(loop, source);
    if (source === flag.leaving) use(source, tick + 2);
    const readInside = open.pop();
    for (const version of readInside ?? []) version.end = Math.max(version.end, tick + 3);
    for (const { entering } of stored) define(entering, tick + 1);
    if (source === flag.entering) use(source, tick + 2);
    tick += 4;
  };

  for (const slot of [...program.inputs, ...program.constants.keys()]) define(slot, 0);
  tick = 1;
  walk(program.statements);
  for (const slot of program.outputs) use(slot, Number.POSITIVE_INFINITY);
  return { intervals: versions, flags };
}

export function doOverlap(a: readonly Interval[], b: readonly Interval[]): boolean {
  return a.some((x) => b.some((y) => x.start <= y.end && y.start <= x.end));
}
