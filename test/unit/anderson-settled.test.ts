/** What an accelerated loop that ends at its limit leaves: no point that was extrapolated and not looked at. */
import { expect, test } from 'vitest';
import { open } from '../../src/index.ts';
import { runAccelerated } from '../../src/solvers/anderson.ts';
import { initialState } from '../../src/solvers/monitor.ts';
import { elementwise, reduceRows } from '../../src/tensor/kernels.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

/** T(x) = x + min(1 − 10⁻⁶x, 100 − x), of which a secant at 0 and 1 expects the fixed point near 10⁶, but which is at 100. */
function step(x: Tensor): Tensor {
  const { context } = x;
  const number = (value: number): Tensor => context.constant({ kind: 'fill', value }, [1]);
  const slow = elementwise('scale', [x], [-1e-6, 1]);
  const far = elementwise('subtract', [number(100), x]);
  const negated = [slow, far].map((each) => elementwise('negate', [each]));
  return elementwise('subtract', [x, elementwise('maximum', negated)]);
}

async function run(limit: number): Promise<{ readonly x: number; readonly settled: number }> {
  const engine = await open({ backend: 'cpu' });
  const [x, settled] = engine.run(`settled ${limit}`, [engine.tensor([0], [1, 1])], ([start], context) => {
    const number = (value: number): Tensor => context.constant({ kind: 'fill', value }, [1]);
    const begun = {
      start: { x: start },
      keeps: 'next' as const,
      solution: (x: Tensor) => x,
      step({ x }: { readonly x: Tensor }) {
        const next = step(x);
        return { next: { x: next }, residual: reduceRows('norm', [elementwise('subtract', [next, x])]) };
      },
    };
    const rule = { tolerance: number(1e-12), floor: number(1e-15), limit, giveUp: false };
    const found = runAccelerated(context, begun, rule, initialState(context, 1, 100));
    return [found.x, found.settled ?? found.x];
  });
  const [[last], [kept]] = await Promise.all([x.data(), settled.data()]);
  engine.close();
  return { x: last, settled: kept };
}

test('after an extrapolation T of the point before it is kept', async () => {
  const { x, settled } = await run(2);
  expect(x).toBeGreaterThan(1e5);
  expect(settled).toBeCloseTo(2, 4);
});

test('where the last step has grown, T of the best point is kept', async () => {
  const { settled } = await run(3);
  expect(settled).toBeCloseTo(2, 4);
});
