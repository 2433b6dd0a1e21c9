/**
 * A share of every activation × forward solver × backward solver × selection on every backend; the long suites run all
 * of them.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { type BackendName, monotoneFixedPoint, open, valueAndGrad } from '../../src/index.ts';
import { engineOn } from '../support/engines.ts';
import { chooseShare, findFaults } from './cases/activation-sweep.ts';

/** Pairs of solvers for each activation. Fewer where a backend takes long to compile each of them. */
const SHARES: readonly (readonly [BackendName, number])[] = [
  ['cpu', 8],
  ['wasm', 8],
  ['gpujs', 2],
  ['webgpu', 1],
];

describe.each(SHARES)('%s', (backend, count) => {
  const { engine, close } = engineOn(backend);
  afterAll(close);

  test(`${count} pairs of solvers for each activation give the gradients of the oracle`, async () => {
    const oracle = await open({ backend: 'cpu' });
    expect(await findFaults(oracle, await engine(), chooseShare(count))).toEqual([]);
    oracle.close();
  });

  test('elu with its default α, whose slope to the left of 0 is eˣ', async () => {
    const opened = await engine();
    const inputs = [opened.tensor([0, 0, 0, 0], [2, 2]), opened.tensor([1.85, -0.77], [1, 2])];
    const [, [, db]] = await valueAndGrad(
      (W, b) => monotoneFixedPoint(W, b, { activation: 'elu', margin: 1 }).z.sum(),
      inputs,
    );
    expect([...(await db.data())]).toEqual([1, Math.exp(-0.77)].map((value) => expect.closeTo(value, 5)));
  });
});
