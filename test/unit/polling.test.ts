/** The turns in which Dawn asks after the device. */
import { expect, test } from 'vitest';

/** Milliseconds that a chain of turns takes, each asked for in the one before, as Dawn does. */
function chain(turns: number): Promise<number> {
  const start = performance.now();
  return new Promise((resolve) => {
    const turn = (left: number): void => {
      if (left === 0) resolve(performance.now() - start);
      else setImmediate(turn, left - 1);
    };
    turn(turns);
  });
}

test('a long chain rests between its turns: a hundred of them take more than 15 ms', async () => {
  expect(await chain(100)).toBeGreaterThan(15);
});

test('what is asked for comes, with its values', async () => {
  expect(await new Promise((resolve) => setImmediate((...values) => resolve(values), 1, 'two'))).toEqual([1, 'two']);
});

test('what has been called off does not come', async () => {
  let came = false;
  clearImmediate(
    setImmediate(() => {
      came = true;
    }),
  );
  await chain(3);
  expect(came).toBe(false);
});
