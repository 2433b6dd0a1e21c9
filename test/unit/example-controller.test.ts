/** The controller of examples/ learns the cost of an expert. */
import { afterAll, expect, test } from 'vitest';
import { boundsFrom, CONSTRAINTS, FASTEST, HORIZON, moveCart, STRONGEST } from '../../examples/controller/cart.ts';
import { costOf, distanceBetween, drive } from '../../examples/controller/controller.ts';
import { demonstrate, drawStates, learn } from '../../examples/controller/learn.ts';
import { drawPage } from '../../examples/controller/page.ts';
import { createOracle } from '../support/engines.ts';

const engine = createOracle();
afterAll(() => engine.close());

const EXPERT = [0.7, 0.1, 0.2];

test('a plan that follows the motion of the cart meets the constraints', () => {
  const start = [1, -0.5] as const;
  const { lower, upper } = boundsFrom(start);
  let state: readonly [number, number] = start;
  const x: number[] = [];
  for (let step = 0; step < HORIZON; step++) {
    const acceleration = Math.sin(step);
    state = moveCart(state, acceleration);
    x.push(...state, acceleration);
  }
  const image = new Array<number>(CONSTRAINTS.rows).fill(0);
  for (const [row, column, value] of CONSTRAINTS.entries) image[row] += value * x[column];
  for (const [row, value] of image.entries()) {
    expect(value).toBeGreaterThan(lower[row] - 1e-12);
    expect(value).toBeLessThan(upper[row] + 1e-12);
  }
});

test('the weights of an expert are learnt from its decisions', async () => {
  const seen = await demonstrate(engine, EXPERT, { carts: 4, steps: 6, noise: 0.02, seed: 3 });
  const before = engine.memory().buffers;
  const learnt = await learn(engine, seen, { epochs: 25, rate: 0.2 });
  expect(engine.memory().buffers).toBe(before);
  const { losses, weights } = learnt;
  expect(losses[24]).toBeLessThan(losses[0] / 5);
  for (const [index, weight] of weights[25].entries()) expect(Math.abs(weight - EXPERT[index])).toBeLessThan(0.1);

  const from = drawStates(3, 50);
  const [expert, naive, own] = [
    await drive(engine, EXPERT, from, 12),
    await drive(engine, weights[0], from, 12),
    await drive(engine, weights[25], from, 12),
  ];
  expect(distanceBetween(own, expert)).toBeLessThan(distanceBetween(naive, expert) / 3);
  for (const { accelerations, states } of [expert, own]) {
    for (const value of accelerations.flat()) expect(Math.abs(value)).toBeLessThan(STRONGEST + 1e-7);
    for (const [, velocity] of states.flat()) expect(Math.abs(velocity)).toBeLessThan(FASTEST + 1e-7);
  }
  const costs = [expert, naive, own].map((each) => costOf(each, EXPERT));
  const page = drawPage({ expert, naive, own, learnt, weights: EXPERT, costs });
  expect(page.match(/<svg viewBox/g)).not.toBeNull();
  expect(page).toContain('A controller that learns its cost');
  expect(page).not.toMatch(/NaN|undefined/);
});
