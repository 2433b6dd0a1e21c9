/** The turns of the event loop in which Dawn polls the device. */
import { expect, test } from 'vitest';

/** The milliseconds of a chain of turns, in which each requests the next, as Dawn does. */
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

test('a requested turn comes, with its arguments', async () => {
  expect(await new Promise((resolve) => setImmediate((...values) => resolve(values), 1, 'two'))).toEqual([1, 'two']);
});

test('a cancelled turn does not come', async () => {
  let came = false;
  clearImmediate(
    setImmediate(() => {
      came = true;
    }),
  );
  await chain(3);
  expect(came).toBe(false);
});
