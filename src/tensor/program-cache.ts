/** Programs by key. If all together take too much memory, those unused for longest are forgotten. */
import type { Backend, Program } from '../backends/backend.ts';
import { estimateFootprint } from '../backends/footprint.ts';
import type { Shape } from './shape.ts';

export interface Traced {
  readonly program: Program;
  readonly shapes: readonly Shape[];
}

interface Entry extends Traced {
  /** When it was last used, as a count of uses of all Programs. */
  used: number;
  /** Estimated bytes of the trace and its keys. */
  readonly bytes: number;
}

/**
 * Bytes of Programs above which some are forgotten. They consist of traces, keys, and what the backend keeps
 * (`MemoryFigures.programBytes`). The Programs of a training step take a few hundred kilobytes, those of a large
 * model megabytes.
 */
const LIMIT = 64 * 2 ** 20;
/** The limit may rise to this multiple of its first value. */
const MAXIMUM_GROWTH = 8;
/**
 * Forgetting frees memory down to this share of the limit, so that it happens rarely: it may interrupt the work of a
 * GPU.
 */
const TRIMMED_SHARE = 7 / 8;
/** How many forgotten Programs are remembered by their hash. */
const MAXIMUM_REMEMBERED = 4096;
/** Bytes of an entry, besides its key and its trace. */
const ENTRY_BYTES = 256;

export class ProgramCache {
  private readonly entries = new Map<string, Entry>();
  /** The bytes of each forgotten Program, by the hash of its key. */
  private readonly forgotten = new Map<number, number>();
  private readonly maximumLimit: number;
  private hasGrown = false;
  private uses = 0;
  /** Estimated bytes of the traces and keys. */
  bytes = 0;

  constructor(
    private readonly device: Pick<Backend, 'forget' | 'memory'>,
    private limit = LIMIT,
  ) {
    this.maximumLimit = MAXIMUM_GROWTH * limit;
  }

  /** The Program of the key; `make` traces it if there is none. */
  get(key: string, make: () => Traced): Traced {
    let entry = this.entries.get(key);
    if (!entry) {
      entry = this.createEntry(key, make());
      this.entries.set(key, entry);
    }
    this.uses += 1;
    entry.used = this.uses;
    return entry;
  }

  private createEntry(key: string, traced: Traced): Entry {
    const { program } = traced;
    const bytes = ENTRY_BYTES + key.length + program.name.length + estimateFootprint(traced);
    this.bytes += bytes;
    this.hasGrown = true;
    this.raiseLimitFor(key);
    return { ...traced, bytes, used: this.uses };
  }

  /**
   * Raises the limit if the Program had been forgotten: it then belongs to a working set that did not fit. The limit
   * rises by the bytes of that Program, so that repetitive work traces it twice and no more.
   */
  private raiseLimitFor(key: string): void {
    if (this.forgotten.size === 0) return;
    const hash = hashOf(key);
    const before = this.forgotten.get(hash);
    if (before === undefined) return;
    this.forgotten.delete(hash);
    this.limit = Math.min(this.maximumLimit, this.limit + before);
  }

  /**
   * Forgets Programs above the limit, but never the one used last. Call it after a run, when the backend has prepared
   * the Program.
   */
  trim(): void {
    if (!this.hasGrown) return;
    this.hasGrown = false;
    let bytes = this.bytes + this.device.memory().programBytes;
    if (bytes <= this.limit) return;
    for (const [key, entry] of [...this.entries].sort(([, a], [, b]) => a.used - b.used)) {
      if (bytes <= TRIMMED_SHARE * this.limit || this.entries.size === 1) return;
      const freed = this.forget(key, entry);
      bytes -= freed;
    }
  }

  private forget(key: string, entry: Entry): number {
    const freed = entry.bytes + this.device.forget(entry.program);
    this.entries.delete(key);
    this.bytes -= entry.bytes;
    if (this.forgotten.size === MAXIMUM_REMEMBERED) {
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

/** 52 bits of two FNV-1a hashes. If two keys share a hash, the limit merely rises too early. */
function hashOf(key: string): number {
  let [high, low] = [0x811c9dc5, 0x9747b28c];
  for (let index = 0; index < key.length; index++) {
    const code = key.charCodeAt(index);
    high = Math.imul(high ^ code, 0x01000193);
    low = Math.imul(low ^ code, 0x5bd1e995);
  }
  return (high >>> 6) * 2 ** 26 + (low >>> 6);
}
