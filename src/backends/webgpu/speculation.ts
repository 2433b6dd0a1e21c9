/**
 * Loops that are taken to need as many passes as before: their guards are read back when everything has been enqueued.
 */
import type { Speculation } from '../backend.ts';
import type { DeviceBuffer } from './pool.ts';
import { Readings } from './readings.ts';
import type { Scheduler } from './scheduler.ts';

/** Bytes of what is mostly read back at the end of a speculation: more takes a second buffer. */
const ROOM = 2 ** 16;
interface Noted {
  readonly limit: number;
  readonly guard: Promise<ArrayBuffer>;
  readonly remember: (passes: number) => void;
}

export class ObservedSpeculation implements Speculation {
  isOpen = true;
  /** Known after `verdict`. */
  isVoid = false;
  readonly held: Promise<boolean>;
  readonly readings: Readings;
  private readonly noted: Noted[] = [];
  private begin = (): void => {};

  constructor(scheduler: Scheduler) {
    this.readings = new Readings(scheduler, ROOM);
    const ended = new Promise<void>((resolve) => {
      this.begin = resolve;
    });
    this.held = ended.then(() => scheduler.settle('reading back', () => this.verdict())).then(() => !this.isVoid);
    this.held.catch(() => {}); // reported by what was computed under it
  }

  /** Whether anything is speculative by now. */
  get isNeeded(): boolean {
    return this.noted.length > 0;
  }

  end(): void {
    this.isOpen = false;
    this.begin();
  }

  /** To be called when the passes of the loop have been recorded. */
  note(limit: number, guard: DeviceBuffer, remember: (passes: number) => void): void {
    this.noted.push({ limit, guard: this.readings.take(guard, 8), remember });
  }

  /**
   * When all is recorded: waits for the guards. Only where every loop has come to its end are their passes remembered.
   */
  async verdict(): Promise<void> {
    const [contents] = await Promise.all([Promise.all(this.noted.map(({ guard }) => guard)), this.readings.arrive()]);
    const guards = contents.map((content) => new Uint32Array(content));
    this.isVoid = this.noted.some(({ limit }, index) => guards[index][0] !== 0 && guards[index][1] < limit);
    if (this.isVoid) return;
    for (const [index, { remember }] of this.noted.entries()) remember(guards[index][1]);
  }
}
