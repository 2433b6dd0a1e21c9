/** Programs by key: the ones that were not used for longest are forgotten where all together take too much memory. */
import type { Backend, Program } from '../backends/backend.ts';
import { footprint } from '../backends/footprint.ts';
import type { Shape } from './shape.ts';

export interface Traced {
  readonly program: Program;
  readonly shapes: readonly Shape[];
}

interface Entry extends Traced {
  /** When it was last used, in uses of any Program. */
  used: number;
  /** Of the trace and its keys, estimated. */
  readonly bytes: number;
}

/**
 * Bytes of Programs above which some are forgotten: traces, keys, and what the backend keeps (`MemoryFigures.programBytes`). The
 * Programs of a training step take a few hundred kilobytes, those of a large model some megabytes.
 */
const LIMIT = 64 * 2 ** 20;
/** The limit does not rise above so many times what it was. */
const MOST = 8;
/** Forgetting goes on down to this share of the limit: it may interrupt the work on a GPU. */
const SHARE = 7 / 8;
/** Of so many forgotten Programs it is known that they were there. */
const REMEMBERED = 4096;
/** Bytes of an entry beside its key and its trace. */
const ENTRY = 256;

export class ProgramCache {
  private readonly entries = new Map<string, Entry>();
  /** By what its key was hashed to, the bytes of a Program that was forgotten. */
  private readonly forgotten = new Map<number, number>();
  private readonly most: number;
  private hasGrown = false;
  private uses = 0;
  /** Estimated bytes of the traces and keys. */
  bytes = 0;

  constructor(
    private readonly device: Pick<Backend, 'forget' | 'memory'>,
    private limit = LIMIT,
  ) {
    this.most = MOST * limit;
  }

  /** The Program of the key, made where there is none. */
  get(key: string, make: () => Traced): Traced {
    let entry = this.entries.get(key);
    if (!entry) {
      entry = this.made(key, make());
      this.entries.set(key, entry);
    }
    this.uses += 1;
    entry.used = this.uses;
    return entry;
  }

  private made(key: string, traced: Traced): Entry {
    const { program } = traced;
    const bytes = ENTRY + key.length + program.name.length + footprint(traced);
    this.bytes += bytes;
    this.hasGrown = true;
    this.makeWayFor(key);
    return { ...traced, bytes, used: this.uses };
  }

  /**
   * A Program that comes back after it was forgotten belongs to what is in use, which does not fit: the limit rises by what
   * the Program took, so that work that repeats itself is traced twice and no more.
   */
  private makeWayFor(key: string): void {
    if (this.forgotten.size === 0) return;
    const hash = hashOf(key);
    const before = this.forgotten.get(hash);
    if (before === undefined) return;
    this.forgotten.delete(hash);
    this.limit = Math.min(this.most, this.limit + before);
  }

  /** To be called after a run, when the backend has made its Program ready: forgets what is too much, never the last one used. */
  trim(): void {
    if (!this.hasGrown) return;
    this.hasGrown = false;
    let bytes = this.bytes + this.device.memory().programBytes;
    if (bytes <= this.limit) return;
    for (const [key, entry] of [...this.entries].sort(([, a], [, b]) => a.used - b.used)) {
      if (bytes <= SHARE * this.limit || this.entries.size === 1) return;
      const freed = this.forget(key, entry);
      bytes -= freed;
    }
  }

  private forget(key: string, entry: Entry): number {
    const freed = entry.bytes + this.device.forget(entry.program);
    this.entries.delete(key);
    this.bytes -= entry.bytes;
    if (this.forgotten.size === REMEMBERED) {
      const [oldest] = this.forgotten.keys();
      this.forgotten.delete(oldest);
    }
    this.forgotten.set(hashOf(key), freed);
    return freed;
  }

  clear(): void {
    this.entries.clear();
    this.forgotten.clear();
    this.bytes = 0;
  }
}

/** 52 bits of two FNV-1a hashes. Two keys with one hash would only let the limit rise too early. */
function hashOf(key: string): number {
  let [high, low] = [0x811c9dc5, 0x9747b28c];
  for (let index = 0; index < key.length; index++) {
    const code = key.charCodeAt(index);
    high = Math.imul(high ^ code, 0x01000193);
    low = Math.imul(low ^ code, 0x5bd1e995);
  }
  return (high >>> 6) * 2 ** 26 + (low >>> 6);
}
