/** What a command needs from its process. Tests pass an implementation of their own. */
import { findNearestName } from '../arguments/nearest.ts';

export interface IO {
  /** Standard output. */
  out(text: string): void;
  /** Standard error. */
  error(text: string): void;
  /** Redraws the last line of the terminal. Absent where standard error is not a terminal. */
  readonly line?: (text: string) => void;
  /** Writes a line about the progress of long work. Absent where `line` does it. */
  readonly note?: (text: string) => void;
  /** Reads all of standard input. */
  input(): Promise<string>;
  /**
   * Returns a signal that Ctrl-C and SIGTERM abort; see `describeInterruption`. Until a command
   * calls this, both end the process as usual.
   */
  interruption(): AbortSignal;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * The exit codes. noSolution: a program is infeasible or unbounded. 130 and 143 are what shells report for a process
 * that Ctrl-C or SIGTERM ended.
 */
export const EXIT = {
  done: 0,
  failure: 1,
  badInput: 2,
  notConverged: 3,
  noSolution: 4,
  interrupted: 130,
  terminated: 143,
} as const;

/** The reason of the signal of `IO.interruption` once a signal of the system has aborted it. */
export class Interruption extends Error {
  override readonly name = 'Interruption';

  constructor(readonly exitCode: number) {
    super(exitCode === EXIT.terminated ? 'terminated' : 'interrupted');
  }
}

/** How the command says that it was interrupted, and its exit code. */
export function describeInterruption({ reason }: AbortSignal): Pick<Interruption, 'message' | 'exitCode'> {
  return reason instanceof Interruption ? reason : new Interruption(EXIT.interrupted);
}

/** An error that the user can correct. It is reported in one line on standard error, with exit code 2. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

/** Runs a check of the library, which throws a RangeError that names the field. @throws InputError with its message */
export function asInputError<Result>(check: () => Result): Result {
  try {
    return check();
  } catch (error) {
    if (error instanceof RangeError) throw new InputError(error.message, { cause: error });
    throw error;
  }
}

/** Formats a value for an error message: as JSON, shortened where it is long. */
export function formatValue(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}

/** A longer text is not a misspelt name. */
const MAXIMUM_NAME_LENGTH = 60;

/**
 * Suggests a known name, as a sentence: the only one that begins so, or one that differs in fewer than half of the
 * letters. Empty where there is none.
 */
export function suggestName(name: string, names: readonly string[]): string {
  if (name.length > MAXIMUM_NAME_LENGTH) return '';
  const begun = names.filter((each) => /\w{3}/.test(name) && each.toLowerCase().startsWith(name.toLowerCase()));
  if (begun.length === 1) return `. Did you mean ${begun[0]}?`;
  const closest = findNearestName(name, names, Math.max(name.replace(/^-+/, '').length, 2) / 2);
  return closest === undefined ? '' : `. Did you mean ${closest}?`;
}

/** Removes line ends and control characters, so that text from a file cannot control the terminal. */
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
  ...(process.stderr.isTTY
    ? { line: (text: string) => void process.stderr.write(`\r${text}\u001b[K`) }
    : { note: (text: string) => void process.stderr.write(text) }),
  async input() {
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString('utf8');
  },
  interruption() {
    const controller = new AbortController();
    const codes = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated };
    for (const [name, code] of Object.entries(codes)) {
      process.on(name, () => {
        // A second signal ends the process at once.
        if (controller.signal.aborted) process.exit(code);
        controller.abort(new Interruption(code));
      });
    }
    return controller.signal;
  },
  environment: process.env,
};
