/** Calls from the page to a worker. Each call has one answer, and may send parts of it in advance. */

/** The types of one call in a protocol. */
export interface Call<Input, Output, Part = never> {
  readonly input: Input;
  readonly output: Output;
  readonly part: Part;
}

type Name<Calls> = keyof Calls & string;
type AnyCall = Call<unknown, unknown, unknown>;
type Protocol<Calls> = { readonly [Key in keyof Calls]: AnyCall };

/** The worker's function for each call. `signal` is aborted when the page no longer needs the answer. */
type CallHandlers<Calls extends Protocol<Calls>> = {
  readonly [Key in Name<Calls>]: (
    input: Calls[Key]['input'],
    tell: (part: Calls[Key]['part']) => void,
    signal: AbortSignal,
  ) => Promise<Calls[Key]['output']>;
};

interface CallOptions<Part> {
  onPart?: (part: Part) => void;
  /** When it is aborted, the call rejects with its reason and the worker is notified. */
  signal?: AbortSignal;
}

export type Caller<Calls extends Protocol<Calls>> = <Key extends Name<Calls>>(
  name: Key,
  input: Calls[Key]['input'],
  options?: CallOptions<Calls[Key]['part']>,
) => Promise<Calls[Key]['output']>;

type Request = { readonly id: number; readonly name: string; readonly input: unknown } | { readonly cancel: number };

type Answer =
  | { readonly id: number; readonly kind: 'part' | 'done'; readonly value: unknown }
  | {
      readonly id: number;
      readonly kind: 'failed';
      readonly error: { readonly name: string; readonly message: string };
    };

interface End {
  postMessage(message: unknown): void;
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
}

/** Answers calls in a worker. Call it once, with the global scope of the worker. */
export function serveCalls<Calls extends Protocol<Calls>>(scope: End, served: CallHandlers<Calls>): void {
  const running = new Map<number, AbortController>();
  const answer = (message: Answer): void => scope.postMessage(message);
  scope.addEventListener('message', ({ data }: MessageEvent<Request>) => {
    if ('cancel' in data) return running.get(data.cancel)?.abort();
    const { id, name, input } = data;
    const controller = new AbortController();
    running.set(id, controller);
    const tell = (value: unknown): void => {
      if (!controller.signal.aborted) answer({ id, kind: 'part', value });
    };
    void served[name as Name<Calls>](input, tell, controller.signal)
      .then(
        (value) => answer({ id, kind: 'done', value }),
        (error: unknown) => answer({ id, kind: 'failed', error: toPlainError(error) }),
      )
      .finally(() => running.delete(id));
  });
}

function toPlainError(error: unknown): { name: string; message: string } {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return { name, message };
}

/** Returns the function with which the page calls a worker. */
export function createCaller<Calls extends Protocol<Calls>>(worker: Worker): Caller<Calls> {
  const waiting = new Map<number, (answer: Answer) => void>();
  let next = 0;
  worker.addEventListener('message', ({ data }: MessageEvent<Answer>) => waiting.get(data.id)?.(data));
  worker.addEventListener('error', ({ message }) => {
    const error = { name: 'Error', message: `the worker failed: ${message ?? 'its script could not be loaded'}` };
    for (const [id, settle] of waiting) settle({ id, kind: 'failed', error });
  });
  return (name, input, { onPart, signal } = {}) =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const id = next++;
      const cancel = (): void => {
        worker.postMessage({ cancel: id } satisfies Request);
        end();
        reject(signal?.reason);
      };
      const end = (): void => {
        waiting.delete(id);
        signal?.removeEventListener('abort', cancel);
      };
      signal?.addEventListener('abort', cancel);
      waiting.set(id, (answer) => {
        if (answer.kind === 'part') return onPart?.(answer.value);
        end();
        if (answer.kind === 'failed') {
          return reject(Object.assign(new Error(answer.error.message), { name: answer.error.name }));
        }
        return resolve(answer.value);
      });
      worker.postMessage({ id, name, input } satisfies Request);
    });
}

/** Lets the worker receive messages between two pieces of work. Solves on the CPU never do so by themselves. */
export function yieldToMessages(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
