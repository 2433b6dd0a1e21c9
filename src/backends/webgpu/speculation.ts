/**
 * A speculation that loops take as many passes as before. Their guards are read back once everything has been enqueued.
 */
import type { Speculation } from '../backend.ts';
import type { DeviceBuffer } from './pool.ts';
import { Readings } from './readings.ts';
import type { Scheduler } from './scheduler.ts';

/** Bytes that are enough for most speculations to read back at their end. More bytes need a second buffer. */
const MINIMUM_BYTES = 2 ** 16;
interface WatchedLoop {
  readonly limit: number;
  readonly guard: Promise<ArrayBuffer>;
  readonly remember: (passes: number) => void;
}

export class ObservedSpeculation implements Speculation {
  isOpen = true;
  /** Whether some loop needed more passes. Known after `decide`. */
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
    this.held.catch(() => {}); // reported by the downloads under it
  }

  /** Whether any loop was recorded under this speculation. */
  get isNeeded(): boolean {
    return this.watched.length > 0;
  }

  end(): void {
    this.isOpen = false;
    this.begin();
  }

  /**
   * Reads back the guard of a loop whose passes have been recorded.
   * @param remember called with the passes taken, if the speculation held
   */
  watchLoop(limit: number, guard: DeviceBuffer, remember: (passes: number) => void): void {
    this.watched.push({ limit, guard: this.readings.copy(guard, 8), remember });
  }

  /** Waits for the guards, when everything is recorded. The passes are remembered only if every loop has ended. */
  async decide(): Promise<void> {
    const [contents] = await Promise.all([Promise.all(this.watched.map(({ guard }) => guard)), this.readings.settle()]);
    const guards = contents.map((content) => new Uint32Array(content));
    this.isVoid = this.watched.some(({ limit }, index) => guards[index][0] !== 0 && guards[index][1] < limit);
    if (this.isVoid) return;
    for (const [index, { remember }] of this.watched.entries()) remember(guards[index][1]);
  }
}
