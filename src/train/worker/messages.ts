/** What a page and the worker that trains for it say to each other. */
import { checkFor, has } from '../../arguments/check.ts';
import { ConvergenceError, type SolveReport } from '../../solvers/report.ts';
import type { CheckpointInfo } from '../checkpoint/options.ts';
import type { History, Progress } from '../progress.ts';

/** One end of a channel: a Worker, the global scope inside one, a MessagePort. */
export interface MessageEnd {
  postMessage(message: unknown, options: { transfer: Transferable[] }): void;
  addEventListener(type: 'message' | 'error', listener: (event: Event) => void): void;
  removeEventListener(type: 'message' | 'error', listener: (event: Event) => void): void;
  /** A MessagePort keeps messages back until it is started. */
  start?(): void;
}

export const MESSAGE_END = /* @__PURE__ */ checkFor(
  'a worker, or an end of a channel',
  (value) => has(value, 'postMessage') && has(value, 'addEventListener') && has(value, 'removeEventListener'),
);

export type Command =
  | {
      readonly type: 'start';
      readonly job: unknown;
      readonly resume: Uint8Array | undefined;
      /** Whether the page wants checkpoints. */
      readonly checkpoints: boolean;
    }
  | { readonly type: 'pause' | 'continue' | 'stop' };

export type Answer =
  | { readonly type: 'progress'; readonly progress: Progress }
  | { readonly type: 'checkpoint'; readonly bytes: Uint8Array<ArrayBuffer>; readonly info: CheckpointInfo }
  | { readonly type: 'done'; readonly history: History }
  | { readonly type: 'stopped' }
  | { readonly type: 'failed'; readonly error: PostedError };

export interface PostedError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Of a ConvergenceError. */
  readonly report: SolveReport | undefined;
}

/** Structured cloning keeps neither the class of an error nor its own fields. */
export function toPostedError(error: unknown): PostedError {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  return { name, message, stack, report: error instanceof ConvergenceError ? error.report : undefined };
}

export function fromPostedError({ name, message, stack, report }: PostedError): Error {
  const error = new Error(message);
  // With the message that it had in the worker; the constructor would write one of its own.
  if (report) Object.setPrototypeOf(error, ConvergenceError.prototype);
  return Object.assign(error, { name, stack }, report && { report });
}
