/** What a command needs of the process around it, so that it can also run inside another one. */
import { nearestTo } from '../arguments/nearest.ts';

export interface IO {
  /** Standard output. */
  out(text: string): void;
  /** Standard error. */
  error(text: string): void;
  /** Redraws one line of a terminal; absent where standard error is not one. */
  readonly line?: (text: string) => void;
  /** All of standard input. */
  input(): Promise<string>;
  /** Aborted by Ctrl-C. Until a command asks for it, Ctrl-C ends the process as usual. */
  interruption(): AbortSignal;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** 0 done; 1 something went wrong; 2 bad input; 3 not converged; 130 interrupted, as shells have it. */
export const EXIT = { done: 0, failure: 1, badInput: 2, notConverged: 3, interrupted: 130 } as const;

/** Something that the user can correct: one line on standard error, exit code 2. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

/** A value as it is shown in an error message: JSON, cut where it is long. */
export function shown(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}

/** Longer ones are no slip of the pen. */
const MAXIMUM_NAME_LENGTH = 60;

/** A name of which fewer than half of the letters are to change, in a sentence; nothing where there is none. */
export function suggestName(name: string, names: readonly string[]): string {
  if (name.length > MAXIMUM_NAME_LENGTH) return '';
  const closest = nearestTo(name, names, Math.max(name.replace(/^-+/, '').length, 2) / 2);
  return closest === undefined ? '' : `. Did you mean ${closest}?`;
}

/** Without line ends and control characters: names out of a file must not reach the terminal as commands to it. */
export function toOneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
}

export const processIO: IO = {
  out: (text) => {
    process.stdout.write(text);
  },
  error: (text) => {
    process.stderr.write(text);
  },
  ...(process.stderr.isTTY && {
    line: (text: string) => {
      process.stderr.write(`\r${text}\u001b[K`);
    },
  }),
  async input() {
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString('utf8');
  },
  interruption() {
    const controller = new AbortController();
    process.once('SIGINT', () => {
      controller.abort();
      // A second Ctrl-C does not wait for anything.
      process.once('SIGINT', () => process.exit(EXIT.interrupted));
    });
    return controller.signal;
  },
  environment: process.env,
};
