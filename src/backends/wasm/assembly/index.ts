// The interpreter performs instructions one after the other, loops included. It stays inside WebAssembly until its time
// is over.
import { Chain } from '../chain-instructions';
import { Extra } from '../extra-instructions';
import { Code, Copy, Descend, Header, Homotopy, Invalidate, Loop, Progress } from '../instructions';
import { isTimeOver, setDeadline, time } from './clock';
import { isDescentDone } from './descend';
import { isHomotopyDone } from './homotopy';
import { adjustPace, chooseIterations, endIterations } from './iterate';
import { buffer, setWord, useTable, useWorkspace, word } from './memory';
import { endOf, performRange, unitsOf, workOf, workOfRow } from './perform';
import { preparePanels } from './product';
import { divide, hasTeam, join, serve, useTeam } from './team';

export { join, serve, useTeam, useWorkspace };

/**
 * Instructions with at least this much work, in multiplications, are divided among threads. It takes about ten
 * microseconds.
 */
const WORTH_DIVIDING: i64 = 1 << 18;
/**
 * The work between two looks at the clock: about a tenth of a millisecond. Every instruction counts for at least SMALL.
 */
const WORTH_A_LOOK: i64 = 1 << 22;
const SMALL: i64 = 1 << 12;
/** The work of a chain between two looks at the clock: about a millisecond. */
const CHAIN_AT_ONCE: i64 = 1 << 25;

/** Addresses of the words of the current Program, of its next instruction, and of the end of its last one. */
let program: usize = 0;
let next: usize = 0;
let end: usize = 0;
/**
 * The number of loops that the next instruction is inside of, at most two; these loops; and the passes of them that are
 * done.
 */
let depth: i32 = 0;
let outer: usize = 0;
let inner: usize = 0;
let outerPasses: i32 = 0;
let innerPasses: i32 = 0;
/** Whether every loop ends with its current pass. */
let isCutShort: bool = false;
/** Work since the last look at the clock. */
let work: i64 = 0;

/**
 * Begins a Program.
 * @param at address of its words: one word for each lasting pack, followed by the instructions
 * @param start the word at which the instructions begin
 * @param length the number of words
 * @param table address of the table with the addresses of its buffers
 */
export function begin(at: usize, start: i32, length: i32, table: usize): void {
  program = at;
  next = at + ((<usize>start) << 2);
  end = at + ((<usize>length) << 2);
  depth = 0;
  useTable(table);
}

/**
 * Continues the Program that was begun last.
 * @param deadline the time, in milliseconds of the clock, at which to return
 * @param cutShort whether no further pass of a loop may begin
 */
export function proceed(deadline: f64, cutShort: bool): Progress {
  setDeadline(deadline);
  isCutShort = cutShort;
  while (true) {
    if (depth > 0 && next === endOf(loop())) endPass();
    else if (next === end) return Progress.finished;
    else if (word(next, Header.code) === Code.loop) enterLoop(next);
    else {
      const progress = perform(next);
      if (progress !== Progress.finished) return progress;
      next = endOf(next);
      if (work < WORTH_A_LOOK) continue;
      work = 0;
      if (isTimeOver()) return Progress.unfinished;
    }
  }
}

function bodyOf(at: usize): usize {
  return at + ((<usize>word(at, Loop.body)) << 2);
}

/** The innermost loop around the next instruction. */
function loop(): usize {
  return depth === 2 ? inner : outer;
}

/** Performs the copies on entry, and begins the first pass if the flag is not 0. */
function enterLoop(at: usize): void {
  // Read the flag first: a copy may overwrite its buffer.
  const isOpen = load<f32>(buffer(at, Loop.initialFlag)) !== 0;
  const body = bodyOf(at);
  for (let step = at + ((<usize>Loop.end) << 2); step < body; step = endOf(step)) performCopy(step);
  if (!isOpen || isCutShort) {
    next = endOf(at);
    return;
  }
  next = body;
  depth += 1;
  if (depth === 2) {
    inner = at;
    innerPasses = 0;
  } else {
    outer = at;
    outerPasses = 0;
  }
}

/** Begins another pass if the flag is not 0. */
function endPass(): void {
  const at = loop();
  let passes: i32;
  if (depth === 2) passes = ++innerPasses;
  else passes = ++outerPasses;
  const isOpen = load<f32>(buffer(at, Loop.flag)) !== 0;
  if (isOpen && passes < word(at, Loop.limit) && !isCutShort) next = bodyOf(at);
  else depth -= 1;
}

function performCopy(at: usize): void {
  memory.copy(buffer(at, Copy.to), buffer(at, Copy.from), (<usize>word(at, Copy.size)) << 2);
}

function perform(at: usize): Progress {
  work += SMALL;
  switch (word(at, Header.code)) {
    case Code.copy:
      performCopy(at);
      return Progress.finished;
    case Code.invalidate:
      store<i32>(program + ((<usize>word(at, Invalidate.pack)) << 2), 0);
      return Progress.finished;
    case Code.product:
      preparePanels(at, program);
      return performUnits(at);
    case Code.iterate:
      return performIterate(at);
    case Code.extra:
      setWord(at, Extra.isCutShort, <i32>isCutShort);
      return performInParts(at, word(at, Extra.units), word(at, Extra.atOnce), Extra.done, Extra.count);
    case Code.chain: {
      const atOnce = <i32>min<i64>(max<i64>(1, CHAIN_AT_ONCE / workOfRow(at)), word(at, Chain.rows));
      return performInParts(at, word(at, Chain.rows), atOnce, Chain.done, Chain.count);
    }
    case Code.homotopy:
      setWord(at, Homotopy.isCutShort, <i32>isCutShort);
      if (performUnits(at) === Progress.lost) return Progress.lost;
      return suspend(at, Homotopy.isBegun, isHomotopyDone(at));
    case Code.descend:
      setWord(at, Descend.isCutShort, <i32>isCutShort);
      if (performUnits(at) === Progress.lost) return Progress.lost;
      return suspend(at, Descend.isBegun, isDescentDone(at));
    default:
      return performUnits(at);
  }
}

/** Performs all units of an instruction: on this thread, or together with the team where that is worth it. */
function performUnits(at: usize): Progress {
  const units = unitsOf(at);
  const amount = workOf(at);
  work += amount;
  if (hasTeam() && amount >= WORTH_DIVIDING) return divide(at, units) ? Progress.finished : Progress.lost;
  performRange(at, 0, units);
  return Progress.finished;
}

/** Performs a whole loop, some iterations of all samples at a time. */
function performIterate(at: usize): Progress {
  do {
    const began = time();
    const iterations = chooseIterations(at);
    if (performUnits(at) === Progress.lost) return Progress.lost;
    if (endIterations(at, isCutShort)) return Progress.finished;
    adjustPace(at, iterations, time() - began);
  } while (!isTimeOver());
  return Progress.unfinished;
}

/**
 * Performs an instruction, `atOnce` units at a time. The units are independent of one another.
 * @param doneField the word that holds how many units are done
 * @param countField the word that holds how many are in progress
 */
function performInParts(at: usize, units: i32, atOnce: i32, doneField: i32, countField: i32): Progress {
  do {
    const done = word(at, doneField);
    const count = min(atOnce, units - done);
    setWord(at, countField, count);
    if (performUnits(at) === Progress.lost) return Progress.lost;
    const end = done + count;
    setWord(at, doneField, end === units ? 0 : end);
    if (end === units) return Progress.finished;
  } while (!isTimeOver());
  return Progress.unfinished;
}

/** Notes whether an instruction that looks at the clock itself has ended. */
function suspend(at: usize, isBegun: i32, isOver: bool): Progress {
  setWord(at, isBegun, <i32>!isOver);
  return isOver ? Progress.finished : Progress.unfinished;
}
