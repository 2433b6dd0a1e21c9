/** Runs a compiled Program: launches its kernels, and runs its loops in chunks of passes. */
import type { Compiled, CompiledLoop, CompiledStep } from './compile.ts';
import type { Data, Machine } from './machine.ts';
import type { KernelVariant } from './variants.ts';

/** The passes of the first chunk of a loop that has not run before. */
const FIRST_CHUNK = 8;
const CHUNK_GROWTH = 1.5;
const LARGEST_CHUNK = 256;
/** The bytes that all values which the passes of one chunk carry may take together. */
const CHUNK_BYTES = 64 * 2 ** 20;

const TALLY: KernelVariant = { kernel: 'loop-tally' };

/** The data of each slot. Each slot owns one reference. */
type Slots = (Data | undefined)[];

/**
 * @param given the data of inputs and constants, by slot; the caller keeps its references
 * @returns the outputs; the caller owns one reference to each
 */
export function execute(
  { program, steps, slots: slotCount }: Compiled,
  machine: Machine,
  given: ReadonlyMap<number, Data>,
  isCutShort: () => boolean = () => false,
): Data[] {
  const slots: Slots = Array<Data | undefined>(slotCount);
  for (const [slot, data] of given) slots[slot] = machine.retain(data);
  try {
    runSteps(steps, machine, slots, isCutShort);
    return program.outputs.map((slot) => machine.retain(dataAt(slots, slot)));
  } finally {
    for (const data of slots) if (data) machine.release(data);
  }
}

function dataAt(slots: Slots, slot: number): Data {
  const data = slots[slot];
  if (!data) throw new Error(`gpujs: slot ${slot} is read before it is written`);
  return data;
}

/** Puts data into a slot, which takes over the caller's reference. */
function replaceData(machine: Machine, slots: Slots, slot: number, data: Data): void {
  const before = slots[slot];
  slots[slot] = data;
  if (before) machine.release(before);
}

function freeSlots(machine: Machine, slots: Slots, spent: readonly number[]): void {
  for (const slot of spent) {
    const data = slots[slot];
    slots[slot] = undefined;
    if (data) machine.release(data);
  }
}

function runSteps(steps: readonly CompiledStep[], machine: Machine, slots: Slots, isCutShort: () => boolean): void {
  for (const step of steps) {
    if (step.kind === 'loop') {
      runLoop(step, machine, slots, isCutShort);
    } else {
      const { variant, operands, parameters, extents, output } = step;
      const given = operands.map((slot) => (slot < 0 ? machine.nothing : dataAt(slots, slot)));
      const empty = extents[0] * extents[1] === 0;
      const result = empty ? machine.retain(machine.nothing) : machine.launch(variant, given, parameters, extents);
      replaceData(machine, slots, output, result);
    }
    freeSlots(machine, slots, step.spent);
  }
}

function runLoop(loop: CompiledLoop, machine: Machine, slots: Slots, isCutShort: () => boolean): void {
  enterLoop(loop, machine, slots);
  const run = machine.isImmediate ? runPasses : runChunks;
  loop.lastPasses = run(loop, machine, slots, isCutShort);
}

function enterLoop({ carried }: CompiledLoop, machine: Machine, slots: Slots): void {
  const initial = carried.map((each) => machine.retain(dataAt(slots, each.initial)));
  for (const [index, { entering }] of carried.entries()) replaceData(machine, slots, entering, initial[index]);
}

/** Runs one pass. @returns a reference to each value that leaves it; the entering slots do not change */
function runPass(loop: CompiledLoop, machine: Machine, slots: Slots, isCutShort: () => boolean): Data[] {
  runSteps(loop.body, machine, slots, isCutShort);
  return loop.carried.map(({ leaving }) => machine.retain(dataAt(slots, leaving)));
}

function carryValues({ carried }: CompiledLoop, machine: Machine, slots: Slots, leaving: readonly Data[]): void {
  for (const [index, { entering }] of carried.entries()) replaceData(machine, slots, entering, leaving[index]);
}

/** Runs a loop on a machine that reads a flag at no cost: the flag is read before each pass. */
function runPasses(loop: CompiledLoop, machine: Machine, slots: Slots, isCutShort: () => boolean): number {
  const flag = loop.carried[0].entering;
  let done = 0;
  while (done < loop.limit && machine.read(dataAt(slots, flag))[0] !== 0 && !isCutShort()) {
    carryValues(loop, machine, slots, runPass(loop, machine, slots, isCutShort));
    done += 1;
  }
  return done;
}

/**
 * Runs a loop in chunks of passes. After each chunk a tally is read: the number of passes before the flag was cleared.
 * The values that leave each pass are kept until then, and those of the last pass that counts are the results of the
 * loop.
 */
function runChunks(loop: CompiledLoop, machine: Machine, slots: Slots, isCutShort: () => boolean): number {
  const largest = Math.max(1, Math.min(LARGEST_CHUNK, Math.floor(CHUNK_BYTES / (4 * loop.carriedSize + 1))));
  const expected = loop.lastPasses;
  let chunk = loop.hasInnerLoop
    ? 1
    : expected === undefined
      ? FIRST_CHUNK
      : expected + Math.max(1, Math.ceil(expected / 8));
  let done = 0;
  while (done < loop.limit && !isCutShort()) {
    const length = Math.min(Math.ceil(chunk), largest, loop.limit - done);
    const counted = runChunk(loop, machine, slots, length, isCutShort);
    done += counted.passes;
    if (!counted.running) break;
    // Where the first chunk was expected to be enough, only a few passes are missing.
    const next = done === length && expected ? Math.max(2, expected / 4) : chunk * CHUNK_GROWTH;
    chunk = loop.hasInnerLoop ? 1 : next;
  }
  return done;
}

function runChunk(
  loop: CompiledLoop,
  machine: Machine,
  slots: Slots,
  length: number,
  isCutShort: () => boolean,
): { passes: number; running: boolean } {
  const flag = loop.carried[0];
  const history: Data[][] = [loop.carried.map(({ entering }) => machine.retain(dataAt(slots, entering)))];
  const started = machine.upload([1, 0]);
  let tally = addToTally(machine, started, dataAt(slots, flag.entering));
  machine.release(started);
  try {
    for (let index = 0; index < length; index++) {
      const leaving = runPass(loop, machine, slots, isCutShort);
      history.push(leaving);
      carryValues(
        loop,
        machine,
        slots,
        leaving.map((data) => machine.retain(data)),
      );
      const next = addToTally(machine, tally, leaving[0]);
      machine.release(tally);
      tally = next;
    }
    const [running, counted] = machine.read(tally);
    // The tally also counts the entering values.
    const passes = counted - 1;
    carryValues(
      loop,
      machine,
      slots,
      history[passes].map((data) => machine.retain(data)),
    );
    return { passes, running: running !== 0 };
  } finally {
    machine.release(tally);
    for (const values of history) for (const data of values) machine.release(data);
  }
}

function addToTally(machine: Machine, tally: Data, flag: Data): Data {
  return machine.launch(TALLY, [tally, flag], [], [2, 1]);
}
