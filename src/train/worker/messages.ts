/** Messages between a page and the worker that trains for it. */
import { createArgumentCheck, hasMethod } from '../../arguments/check.ts';
import { ConvergenceError, type SolveReport } from '../../solvers/report.ts';
import type { CheckpointInfo } from '../checkpoint/options.ts';
import type { History, Progress } from '../progress.ts';
import type { TaskName } from '../task.ts';

/** One end of a channel: a Worker, the global scope inside a worker, or a MessagePort. */
export interface MessageEnd {
  /** Sends a message to the other end. */
  postMessage(message: unknown, options: { transfer: ArrayBuffer[] }): void;
  /** Adds a listener for messages or errors. */
  addEventListener(type: 'message' | 'error', listener: (event: Event) => void): void;
  /** Removes a listener. */
  removeEventListener(type: 'message' | 'error', listener: (event: Event) => void): void;
  /** Starts the delivery of messages, which a MessagePort holds back until then. */
  start?(): void;
}

export const MESSAGE_END = /* @__PURE__ */ createArgumentCheck(
  'a worker, or an end of a channel',
  (value) =>
    hasMethod(value, 'postMessage') && hasMethod(value, 'addEventListener') && hasMethod(value, 'removeEventListener'),
);

/** A message from the page to the worker. */
export type Command =
  | {
      readonly type: 'start';
      readonly job: unknown;
      readonly resume: Uint8Array | undefined;
      /** Whether the page asks for checkpoints. */
      readonly checkpoints: boolean;
    }
  | { readonly type: 'pause' | 'continue' | 'stop' };

/** A message from the worker to the page. */
export type Answer<Task extends TaskName = TaskName> =
  | { readonly type: 'progress'; readonly progress: Progress<Task> }
  | { readonly type: 'checkpoint'; readonly bytes: Uint8Array<ArrayBuffer>; readonly info: CheckpointInfo }
  | { readonly type: 'done'; readonly history: History<Task> }
  | { readonly type: 'stopped' }
  | { readonly type: 'failed'; readonly error: PostedError };

interface PostedError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** The report of a ConvergenceError; undefined for other errors. */
  readonly report: SolveReport | undefined;
}

/** Structured cloning would lose the class of an error and its own fields. */
export function toPostedError(error: unknown): PostedError {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  return { name, message, stack, report: error instanceof ConvergenceError ? error.report : undefined };
}

export function fromPostedError({ name, message, stack, report }: PostedError): Error {
  const error = new Error(message);
  // The constructor of ConvergenceError would replace the message by one of its own.
  if (report) Object.setPrototypeOf(error, ConvergenceError.prototype);
  return Object.assign(error, { name, stack }, report && { report });
}
