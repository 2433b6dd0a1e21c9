// The interpreter: carries out instructions one after the other, loops included, without leaving WebAssembly until its time is over.
import { Extra } from '../extra-instructions';
import { Code, Copy, Descend, Header, Homotopy, Invalidate, Loop, Progress } from '../instructions';
import { isTimeOver, setDeadline, time } from './clock';
import { isDescentDone } from './descend';
import { isHomotopyDone } from './homotopy';
import { adjustPace, chooseIterations, endIterations } from './iterate';
import { buffer, setWord, useTable, useWorkspace, word } from './memory';
import { performRange, unitsOf, workOf } from './perform';
import { preparePanels } from './product';
import { divide, hasTeam, join, serve, useTeam } from './team';

export { join, serve, useTeam, useWorkspace };

/** Multiplications, or what takes about as long, from which on an instruction is divided: about ten microseconds. */
const WORTH_DIVIDING: i64 = 1 << 18;
/** Of the instructions between two looks at the clock: about a tenth of a millisecond. Each counts for SMALL at least. */
const WORTH_A_LOOK: i64 = 1 << 22;
const SMALL: i64 = 1 << 12;

/** The words of the Program that is being run, the instruction that is next, and the end of the last one. */
let program: usize = 0;
let next: usize = 0;
let end: usize = 0;
/** The loops that are open, which nest one deep, and the passes of them that are done. */
let depth: i32 = 0;
let outer: usize = 0;
let inner: usize = 0;
let outerPasses: i32 = 0;
let innerPasses: i32 = 0;
/** Whether loops end with the pass that they are in. */
let isCutShort: bool = false;
/** Work since the last look at the clock. */
let work: i64 = 0;

/**
 * Begins to run a Program.
 * @param at its words, `length` of them: from `start` on its instructions, before them those that tell what is packed
 * @param table addresses of its buffers
 */
export function begin(at: usize, start: i32, length: i32, table: usize): void {
  program = at;
  next = at + ((<usize>start) << 2);
  end = at + ((<usize>length) << 2);
  depth = 0;
  useTable(table);
}

/**
 * Goes on with the Program that was begun last.
 * @param deadline in the milliseconds of the clock, at which to return
 * @param cutShort whether no further pass of a loop is to begin
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

function endOf(at: usize): usize {
  return at + ((<usize>word(at, Header.length)) << 2);
}

function bodyOf(at: usize): usize {
  return at + ((<usize>word(at, Loop.body)) << 2);
}

/** The innermost loop that is open. */
function loop(): usize {
  return depth === 2 ? inner : outer;
}

/** The copies on entry, and where the flag is not 0 the first pass. */
function enterLoop(at: usize): void {
  // The flag first: a performCopy may overwrite its storage.
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

/** Another pass while the flag is not 0. */
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
      return performExtra(at);
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

/** Alone, or with those who serve. */
function performUnits(at: usize): Progress {
  const units = unitsOf(at);
  const amount = workOf(at);
  work += amount;
  if (hasTeam() && amount >= WORTH_DIVIDING) return divide(at, units) ? Progress.finished : Progress.lost;
  performRange(at, 0, units);
  return Progress.finished;
}

/** Some iterations of all samples at a time. */
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

/** Some units at a time, of which none needs another. */
function performExtra(at: usize): Progress {
  const units = word(at, Extra.units);
  do {
    const done = word(at, Extra.done);
    setWord(at, Extra.count, min(word(at, Extra.atOnce), units - done));
    if (performUnits(at) === Progress.lost) return Progress.lost;
    const end = done + word(at, Extra.count);
    setWord(at, Extra.done, end === units ? 0 : end);
    if (end === units) return Progress.finished;
  } while (!isTimeOver());
  return Progress.unfinished;
}

/** An instruction that looks at the clock itself. */
function suspend(at: usize, isBegun: i32, isOver: bool): Progress {
  setWord(at, isBegun, <i32>!isOver);
  return isOver ? Progress.finished : Progress.unfinished;
}
