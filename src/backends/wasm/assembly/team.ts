// Threads that share the units of an instruction. One thread runs Programs. The helper threads serve it: each waits for
// an instruction, takes stretches of its units while any are left, and waits again.
import { Code, Header } from '../instructions';
import { announceStopAt, isTimeOver, time, watchStopAt } from './clock';
import { tableInUse, useTable, word } from './memory';
import { evenUnits, performRange, workOf } from './perform';

// The words that the team shares begin with a word of 64 bits: its lower half is the next unit to be taken, its upper
// half the number of the instruction (its ticket). Both change together, so that a thread can only take units of the
// instruction whose ticket it read. The offsets of the other words, in bytes:
const TICKET: usize = 4; // the upper half of that word
const DONE: usize = 8; // units that are done
const SERVING: usize = 12; // the number of helper threads
const ASLEEP: usize = 16; // the number of them that have to be woken
const INSTRUCTION: usize = 20;
const TABLE: usize = 24;
const UNITS: usize = 28;
const STRETCH: usize = 32;
const STOP: usize = 36; // see clock.ts
const PULSE: usize = 40; // incremented by the helper threads
const USED: usize = 44; // has a bit for each helper thread that has taken a stretch
const FAILED: usize = 48; // not 0 where a helper thread has trapped; written by the worker of wasm/team.ts

/**
 * How often a thread reads the ticket before it goes to sleep. This takes some hundred microseconds: longer than the
 * small instructions between two large ones.
 */
const LOOKS: i32 = 1 << 18;
/** The number of stretches for each thread. With several, a thread that is late costs little. */
const STRETCHES: i32 = 4;
/**
 * The work of a stretch of the units of a late module, in multiplications, where one unit does not take more: some tens
 * of microseconds. They are few and large, so that equal shares of them would let threads wait for one another.
 */
const STRETCH_WORK: i64 = 1 << 21;
/** The smallest number of elements in a stretch of an element-wise operation. */
const ELEMENTS: i32 = 4096;

/** The next unit where none may be taken: more units than an instruction can have. */
const NONE_LEFT: i64 = 0x7fffffff;
/** Nanoseconds for which a thread sleeps while it waits for a stretch of another thread. */
const NAP: i64 = 50_000;
/** How often a waiting thread that does not sleep checks for the end before it reads the clock. */
const LOOKS_AT_ONCE: i32 = 1 << 12;
/**
 * Milliseconds without a sign of life after which the helper threads are taken for lost, and the most that the time
 * between two looks counts for: the whole process may have been paused.
 */
const SILENCE: f64 = 900;
const LONGEST_LAPSE: f64 = 20;

let team: usize = 0;
let tickets: i32 = 0;
let maySleep: bool = false;

/**
 * Makes the thread that runs Programs use a team.
 * @param canSleep false on the main thread of a page, which may not block
 */
export function useTeam(address: usize, canSleep: bool): void {
  team = address;
  announceStopAt(address + STOP);
  maySleep = canSleep;
}

export function hasTeam(): bool {
  return team !== 0 && atomic.load<i32>(team + SERVING) > 0;
}

/** Performs an instruction together with the helper threads. @returns false where one of them is lost */
export function divide(at: usize, units: i32): bool {
  // No unit may be taken while the words change: a late thread must not pair them with the ticket of the previous
  // instruction.
  announce(NONE_LEFT);
  store<u32>(team + INSTRUCTION, <u32>at);
  store<u32>(team + TABLE, <u32>tableInUse());
  store<i32>(team + UNITS, units);
  store<i32>(team + STRETCH, stretchOf(at, units));
  atomic.store<i32>(team + DONE, 0);
  announce(0);
  if (atomic.load<i32>(team + ASLEEP) > 0) atomic.notify(team + TICKET, -1);
  takePart(team, tickets);
  return awaitOthers(units);
}

/** Issues a new ticket; `next` is the first unit to be taken. */
function announce(next: i64): void {
  tickets += 1;
  atomic.store<i64>(team, ((<i64>tickets) << 32) | next);
}

/**
 * Waits for the stretches that the helper threads still work on, at most one each.
 * @returns false where a thread is lost
 */
function awaitOthers(units: i32): bool {
  let alive = 0;
  let silence: f64 = 0;
  let last: f64 = -1;
  let look = 0;
  while (true) {
    look += 1;
    const done = atomic.load<i32>(team + DONE);
    if (done === units) return true;
    // Sleep for a while: the system may have suspended the other thread in favour of this one.
    const naps = maySleep && look > LOOKS;
    if (naps) atomic.wait<i32>(team + DONE, done, NAP);
    else if (look % LOOKS_AT_ONCE !== 0) continue;
    if (atomic.load<i32>(team + FAILED) !== 0) return false;
    isTimeOver(); // this tells the helper threads when to pause
    const signs = done + atomic.load<i32>(team + PULSE);
    const at = time();
    silence = signs !== alive || last < 0 ? 0 : silence + min(at - last, LONGEST_LAPSE);
    alive = signs;
    last = at;
    if (silence > SILENCE) return false;
  }
}

function stretchOf(at: usize, units: i32): i32 {
  const threads = 1 + atomic.load<i32>(team + SERVING);
  const even = evenUnits(at);
  const parts = (units + threads * STRETCHES * even - 1) / (threads * STRETCHES * even);
  const code = word(at, Header.code);
  if (code === Code.extra) {
    const work = max<i64>(1, workOf(at) / <i64>units) * <i64>even; // of as many units as belong together
    return min(parts, <i32>max<i64>(1, STRETCH_WORK / work)) * even;
  }
  return max(parts, code === Code.elementwise ? (ELEMENTS + even - 1) / even : 1) * even;
}

/** Takes stretches of the instruction with this ticket while any are left. */
function takePart(address: usize, ticket: i32): void {
  while (true) {
    const job = atomic.load<i64>(address);
    const at = <usize>load<u32>(address + INSTRUCTION);
    const table = <usize>load<u32>(address + TABLE);
    const units = load<i32>(address + UNITS);
    const stretch = load<i32>(address + STRETCH);
    const first = <i32>job;
    // Where the ticket has changed, the words read above are void, and nothing may be taken.
    if (<i32>(job >> 32) !== ticket || first >= units) return;
    if (atomic.cmpxchg<i64>(address, job, job + <i64>stretch) !== job) continue;
    const last = min(first + stretch, units);
    if (bit !== 0) atomic.or<i32>(address + USED, bit);
    useTable(table);
    performRange(at, first, last);
    atomic.add<i32>(address + DONE, last - first);
  }
}

/** The bit of this thread in USED; 0 on the thread that runs Programs. */
let bit: i32 = 0;

/** Adds this thread to the team. `serve` must be called next. */
export function join(address: usize): void {
  bit = 1 << atomic.add<i32>(address + SERVING, 1);
  watchStopAt(address + STOP, address + PULSE);
}

/** Serves the thread that runs Programs. Does not return. */
export function serve(address: usize): void {
  let ticket = atomic.load<i32>(address + TICKET);
  while (true) {
    ticket = nextTicket(address, ticket);
    takePart(address, ticket);
  }
}

/** Waits until the ticket changes. @returns the new ticket */
function nextTicket(address: usize, ticket: i32): i32 {
  for (let look = 0; look < LOOKS; look++) {
    const found = atomic.load<i32>(address + TICKET);
    if (found !== ticket) return found;
  }
  atomic.add<i32>(address + ASLEEP, 1);
  atomic.wait<i32>(address + TICKET, ticket, -1);
  atomic.sub<i32>(address + ASLEEP, 1);
  return atomic.load<i32>(address + TICKET);
}
