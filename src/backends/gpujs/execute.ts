/** Runs a compiled Program: launches its kernels, loops in chunks of passes. */
import type { Compiled, CompiledLoop, CompiledStep } from './compile.ts';
import type { Data, Machine } from './machine.ts';
import type { KernelVariant } from './variants.ts';

/** Passes of the first chunk when nothing is known about the loop. */
const FIRST_CHUNK = 8;
const CHUNK_GROWTH = 1.5;
const LARGEST_CHUNK = 256;
/** Bytes that the values carried by the passes of one chunk may take together. */
const CHUNK_BYTES = 64 * 2 ** 20;

const TALLY: KernelVariant = { kernel: 'loop-tally' };

/** What each slot holds, one reference each. */
type Slots = (Data | undefined)[];

/**
 * @param given the inputs' and constants' data by slot; they stay the caller's
 * @returns the outputs, one reference each the caller's
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
  if (!data) throw new Error(`slot ${slot} is read before it is written`);
  return data;
}

/** Takes over the reference. */
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

/** One pass. What leaves is not yet in the entering slots; each is a reference of its own. */
function runPass(loop: CompiledLoop, machine: Machine, slots: Slots, isCutShort: () => boolean): Data[] {
  runSteps(loop.body, machine, slots, isCutShort);
  return loop.carried.map(({ leaving }) => machine.retain(dataAt(slots, leaving)));
}

function carryValues({ carried }: CompiledLoop, machine: Machine, slots: Slots, leaving: readonly Data[]): void {
  for (const [index, { entering }] of carried.entries()) replaceData(machine, slots, entering, leaving[index]);
}

/** Where a flag may be read at no cost. */
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
 * Chunks of passes, after each of which one tally is read: how many of the passes were done before the flag was cleared.
 * The values that each pass leaves are kept until then; those of the last pass that counts are the loop's.
 */
function runChunks(loop: CompiledLoop, machine: Machine, slots: Slots, isCutShort: () => boolean): number {
  const most = Math.max(1, Math.min(LARGEST_CHUNK, Math.floor(CHUNK_BYTES / (4 * loop.carriedSize + 1))));
  const expected = loop.lastPasses;
  let chunk = loop.hasInnerLoop
    ? 1
    : expected === undefined
      ? FIRST_CHUNK
      : expected + Math.max(1, Math.ceil(expected / 8));
  let done = 0;
  while (done < loop.limit && !isCutShort()) {
    const length = Math.min(Math.ceil(chunk), most, loop.limit - done);
    const counted = runChunk(loop, machine, slots, length, isCutShort);
    done += counted.passes;
    if (!counted.running) break;
    // After a chunk that was to be enough only a little is missing.
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
    // The first count is that of the entering values.
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
