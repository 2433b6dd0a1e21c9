/** Loops that are taken to need as many passes as before: their guards are read back when everything has been enqueued. */
import type { Assumption } from '../backend.ts';
import type { CompiledLoop } from './compile.ts';
import type { DeviceBuffer } from './pool.ts';
import type { Readings } from './readings.ts';
import type { Scheduler } from './scheduler.ts';

/** Bytes of what is mostly read back at the end of an assumption: more takes a second buffer. */
const ROOM = 2 ** 16;
/** A count of passes falls by this share of what was too much: a pass too many costs little, one too few a repetition. */
const FALL = 1 / 32;

/** Notes how many passes the loop has taken. @param entry which of its entries in one run, from 0 */
export function remember({ expected }: CompiledLoop, entry: number, passes: number): void {
  const before = expected[entry] ?? 0;
  expected[entry] = Math.max(passes, before - FALL * Math.max(1, before - passes));
}

/** A little more than what was enough before; nothing where that was nothing. */
export function passesFor(expected: number): number {
  return Math.ceil(expected > 1 ? expected * 1.125 : expected);
}

interface Noted {
  readonly loop: CompiledLoop;
  readonly entry: number;
  readonly guard: Promise<ArrayBuffer>;
}

export class Assumed implements Assumption {
  isOpen = true;
  readonly held: Promise<boolean>;
  readonly readings: Readings;
  private readonly noted: Noted[] = [];
  private begin = (): void => {};

  constructor(scheduler: Scheduler) {
    this.readings = scheduler.readings(ROOM);
    const ended = new Promise<void>((resolve) => {
      this.begin = resolve;
    });
    this.held = ended.then(() => scheduler.settle('reading back', () => this.verdict()));
    this.held.catch(() => {}); // reported by what was computed under it
  }

  get isEmpty(): boolean {
    return this.noted.length === 0;
  }

  end(): void {
    this.isOpen = false;
    this.begin();
  }

  /** To be called when the passes of the loop have been recorded. */
  note(loop: CompiledLoop, entry: number, guard: DeviceBuffer): void {
    this.noted.push({ loop, entry, guard: this.readings.take(guard, 8) });
  }

  /** When all is recorded: whether every loop has come to its end. Only then are its passes remembered. */
  async verdict(): Promise<boolean> {
    const [contents] = await Promise.all([Promise.all(this.noted.map(({ guard }) => guard)), this.readings.arrive()]);
    const guards = contents.map((content) => new Uint32Array(content));
    if (this.noted.some(({ loop }, index) => guards[index][0] !== 0 && guards[index][1] < loop.limit)) return false;
    for (const [index, { loop, entry }] of this.noted.entries()) remember(loop, entry, guards[index][1]);
    return true;
  }
}
