/** One piece of work at a time. */
import { readMessage, setText } from '../page/elements.ts';

/**
 * Returns a function that does one piece of work at a time. Of the calls in the meantime only the last is carried out.
 */
export function createLatestOnly<Value>(work: (value: Value) => Promise<void>): (value: Value) => void {
  let next: { value: Value } | undefined;
  let isBusy = false;
  const go = async (): Promise<void> => {
    isBusy = true;
    while (next) {
      const { value } = next;
      next = undefined;
      await work(value).catch((error: unknown) => setText('samples-facts', readMessage(error)));
    }
    isBusy = false;
  };
  return (value) => {
    next = { value };
    if (!isBusy) void go();
  };
}
