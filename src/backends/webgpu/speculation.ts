/**
 * Loops that are taken to need as many passes as before: their guards are read back when everything has been enqueued.
 */
import type { Speculation } from '../backend.ts';
import type { DeviceBuffer } from './pool.ts';
import { Readings } from './readings.ts';
import type { Scheduler } from './scheduler.ts';

/** Bytes of what is mostly read back at the end of a speculation: more takes a second buffer. */
const MINIMUM_BYTES = 2 ** 16;
interface WatchedLoop {
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
  private readonly watched: WatchedLoop[] = [];
  private begin = (): void => {};

  constructor(scheduler: Scheduler) {
    this.readings = new Readings(scheduler, MINIMUM_BYTES);
    const ended = new Promise<void>((resolve) => {
      this.begin = resolve;
    });
    this.held = ended.then(() => scheduler.settle('reading back', () => this.decide())).then(() => !this.isVoid);
    this.held.catch(() => {}); // reported by what was computed under it
  }

  /** Whether anything is speculative by now. */
  get isNeeded(): boolean {
    return this.watched.length > 0;
  }

  end(): void {
    this.isOpen = false;
    this.begin();
  }

  /** To be called when the passes of the loop have been recorded. */
  watchLoop(limit: number, guard: DeviceBuffer, remember: (passes: number) => void): void {
    this.watched.push({ limit, guard: this.readings.copy(guard, 8), remember });
  }

  /**
   * When all is recorded: waits for the guards. Only where every loop has come to its end are their passes remembered.
   */
  async decide(): Promise<void> {
    const [contents] = await Promise.all([Promise.all(this.watched.map(({ guard }) => guard)), this.readings.settle()]);
    const guards = contents.map((content) => new Uint32Array(content));
    this.isVoid = this.watched.some(({ limit }, index) => guards[index][0] !== 0 && guards[index][1] < limit);
    if (this.isVoid) return;
    for (const [index, { remember }] of this.watched.entries()) remember(guards[index][1]);
  }
}
