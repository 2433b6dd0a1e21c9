// Threads that share the units of an instruction. One of them runs Programs; the others serve it: they wait for an
// instruction, take stretches of its units for as long as there are some, and wait again.
import { Code, Header } from '../instructions';
import { announceStopAt, isTimeOver, time, watchStopAt } from './clock';
import { tableInUse, useTable, word } from './memory';
import { evenUnits, performRange } from './perform';

// What they share, at one address: the next unit that nobody has taken with the number of the instruction above it, in one
// word of 64 bits, so that a stretch is taken of the very instruction that was looked at; and then
const TICKET: usize = 4; // the number of the instruction: the upper half of that word
const DONE: usize = 8; // units that are done
const SERVING: usize = 12; // threads that serve
const ASLEEP: usize = 16; // those of them that have to be woken
const INSTRUCTION: usize = 20;
const TABLE: usize = 24;
const UNITS: usize = 28;
const STRETCH: usize = 32;
const STOP: usize = 36; // see clock.ts
const PULSE: usize = 40; // counted up by those who serve
const USED: usize = 44; // a bit for each of them that has taken a stretch
const FAILED: usize = 48; // not 0 where one of them has trapped, written by team.ts

/** Looks at the ticket before a thread goes to sleep, some hundred microseconds: longer than the small instructions between two large ones. */
const LOOKS: i32 = 1 << 18;
/** Stretches for each thread, so that one that is late costs little. */
const STRETCHES: i32 = 4;
/** Units of a stretch of elements, at least. */
const ELEMENTS: i32 = 4096;

/** In the place of the next unit: more than there can be. */
const NONE_LEFT: i64 = 0x7fffffff;
/** Nanoseconds for which a thread goes to sleep that waits for a stretch in the hands of another. */
const NAP: i64 = 50_000;
/** Looks, without a nap, after which the thread that waits looks at the clock. */
const LOOKS_AT_ONCE: i32 = 1 << 12;
/** Milliseconds without a sign of life after which the others are given up; of a pause of the whole process no more counts than this. */
const SILENCE: f64 = 900;
const LONGEST_LAPSE: f64 = 20;

let team: usize = 0;
let tickets: i32 = 0;
let maySleep: bool = false;

/**
 * For the thread that runs Programs.
 * @param canSleep false for the thread of a page, which may only look again and again
 */
export function useTeam(address: usize, canSleep: bool): void {
  team = address;
  announceStopAt(address + STOP);
  maySleep = canSleep;
}

export function hasTeam(): bool {
  return team !== 0 && atomic.load<i32>(team + SERVING) > 0;
}

/** Performs an instruction together with those who serve. @returns false where one of them is lost */
export function divide(at: usize, units: i32): bool {
  // Nothing can be taken while the words change: a late look at the last instruction must not pair its ticket with them.
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

/** A new ticket, of which `next` is the first unit to be taken. */
function announce(next: i64): void {
  tickets += 1;
  atomic.store<i64>(team, ((<i64>tickets) << 32) | next);
}

/** What is left is in hand, a stretch for each of the others at most. @returns false where one of them is lost */
function awaitOthers(units: i32): bool {
  let alive = 0;
  let silence: f64 = 0;
  let last: f64 = -1;
  let look = 0;
  while (true) {
    look += 1;
    const done = atomic.load<i32>(team + DONE);
    if (done === units) return true;
    // The other may have been put off by the system, for this very thread.
    const naps = maySleep && look > LOOKS;
    if (naps) atomic.wait<i32>(team + DONE, done, NAP);
    else if (look % LOOKS_AT_ONCE !== 0) continue;
    if (atomic.load<i32>(team + FAILED) !== 0) return false;
    isTimeOver(); // which tells them
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
  const least = word(at, Header.code) === Code.elementwise ? (ELEMENTS + even - 1) / even : 1;
  return max(parts, least) * even;
}

/** Takes stretches of the instruction with this ticket while there are some. */
function takePart(address: usize, ticket: i32): void {
  while (true) {
    const job = atomic.load<i64>(address);
    const at = <usize>load<u32>(address + INSTRUCTION);
    const table = <usize>load<u32>(address + TABLE);
    const units = load<i32>(address + UNITS);
    const stretch = load<i32>(address + STRETCH);
    const first = <i32>job;
    // Where the ticket is another one the rest may be anything; but then nothing can be taken.
    if (<i32>(job >> 32) !== ticket || first >= units) return;
    if (atomic.cmpxchg<i64>(address, job, job + <i64>stretch) !== job) continue;
    const last = min(first + stretch, units);
    if (bit !== 0) atomic.or<i32>(address + USED, bit);
    useTable(table);
    performRange(at, first, last);
    atomic.add<i32>(address + DONE, last - first);
  }
}

/** Of this thread, where it serves. */
let bit: i32 = 0;

/** This thread serves from now on: `serve` is to follow. */
export function join(address: usize): void {
  bit = 1 << atomic.add<i32>(address + SERVING, 1);
  watchStopAt(address + STOP, address + PULSE);
}

/** Serves; does not return. */
export function serve(address: usize): void {
  let ticket = atomic.load<i32>(address + TICKET);
  while (true) {
    ticket = nextTicket(address, ticket);
    takePart(address, ticket);
  }
}

/** Waits until the ticket is another one than this. */
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
