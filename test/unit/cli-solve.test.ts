import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { MonotoneAnswer } from '../../src/cli/monotone-solution.ts';
import { run } from '../fixtures/cli/run.ts';
import { loadKinks, loadMonotone, type SmoothCase } from '../fixtures/load.ts';

type Nested = number | readonly Nested[];

function flat(values: Nested | undefined): number[] {
  if (values === undefined) throw new Error('the answer lacks a part');
  return typeof values === 'number' ? [values] : values.flatMap(flat);
}

/** The greatest difference, relative to the greatest expected entry. */
function distance(found: Nested | undefined, expected: Nested | undefined): number {
  const [a, b] = [flat(found), flat(expected)];
  expect(a).toHaveLength(b.length);
  const scale = Math.max(...b.map(Math.abs));
  return Math.max(...a.map((value, index) => Math.abs(value - b[index]))) / scale;
}

async function solve(problem: object, ...options: string[]): Promise<{ code: number; answer: MonotoneAnswer }> {
  const { code, out, error } = await run(['solve', '-', ...options], { input: JSON.stringify(problem) });
  expect(error).toBe('');
  expect(out.endsWith('}\n')).toBe(true);
  return { code, answer: JSON.parse(out) };
}

function given({ activation, tau, b, v }: Pick<SmoothCase, 'activation' | 'tau'> & { b: Nested; v: Nested }): object {
  return { kind: 'monotone', activation, ...(tau !== undefined && { tau }), b, v };
}

const cases = (['n4', 'n32', 'n87', 'illcond'] as const).flatMap((file) =>
  loadMonotone(file).map((each) => ({ file, activation: each.activation, each })),
);

describe('the reference problems', () => {
  test.each(cases)('$file $activation with W', async ({ each }) => {
    const { code, answer } = await solve({ ...given(each), W: each.W }, '--backend', 'cpu');
    expect(code).toBe(0);
    expect(distance(answer.z, each.z)).toBeLessThan(1e-9);
    expect(distance(answer.grad_b, each.grad_b)).toBeLessThan(1e-8);
    expect(distance(answer.grad_W, each.grad_W)).toBeLessThan(1e-8);
    expect(Object.keys(answer)).toEqual(['z', 'grad_b', 'grad_W', 'report', 'certificate']);
    expect(answer.certificate).toMatchObject({ status: 'certified', argument: 'margin', kinks: [] });
    // W was rebuilt from m, so its margin is at least m.
    expect(answer.certificate.margin).toBeGreaterThan(each.m * (1 - 1e-9));
    expect(answer.certificate.kinkTolerance).toHaveLength(each.batch);
  });

  test.each(cases.filter(({ each }) => each.A))('$file $activation with A, B, m', async ({ each }) => {
    const { A, B, m } = each;
    const { code, answer } = await solve({ ...given(each), A, B, m });
    expect(code).toBe(0);
    expect(distance(answer.z, each.z)).toBeLessThan(1e-9);
    expect(distance(answer.grad_b, each.grad_b)).toBeLessThan(1e-8);
    expect(distance(answer.grad_W, each.grad_W)).toBeLessThan(1e-8);
    if (each.grad_A) expect(distance(answer.grad_A, each.grad_A)).toBeLessThan(1e-8);
    if (each.grad_B) expect(distance(answer.grad_B, each.grad_B)).toBeLessThan(1e-8);
    if (each.grad_m !== undefined) expect(distance(answer.grad_m, each.grad_m)).toBeLessThan(1e-8);
    expect(answer.certificate.margin).toBe(m);
  });

  test.each(['forward-backward', 'peaceman-rachford'])('by %s', async (solver) => {
    const [each] = loadMonotone('n4');
    const { answer } = await solve({ ...given(each), W: each.W }, '--solver', solver, '--limit', '100000');
    expect(distance(answer.z, each.z)).toBeLessThan(1e-9);
    expect(answer.report.solver).toBe(solver);
  });

  test.each(['bicgstab', 'cgnr', 'bicgstab+cgnr'])('backward by %s', async (solver) => {
    const [each] = loadMonotone('n32');
    const { answer } = await solve({ ...given(each), W: each.W }, '--linear-solver', solver);
    expect(distance(answer.grad_W, each.grad_W)).toBeLessThan(1e-8);
    expect(answer.report.backward?.solver).toBe(solver);
  });
});

describe('on kinks', () => {
  const selections = loadKinks().flatMap((each) =>
    [0, 0.5, 1].map((selection) => ({ activation: each.activation, selection, each })),
  );
  test.each(selections)('$activation with selection $selection', async ({ selection, each }) => {
    const { A, B, m } = each;
    const { code, answer } = await solve({ ...given(each), A, B, m, selection });
    const expected = each.admissible.find(({ q }) => q.every((one) => one === selection));
    expect(code).toBe(0);
    expect(distance(answer.z, each.z)).toBeLessThan(1e-9);
    expect(distance(answer.grad_b, expected?.grad_b)).toBeLessThan(1e-8);
    expect(distance(answer.grad_W, expected?.grad_W)).toBeLessThan(1e-8);
    expect(answer.certificate.kinks.map(({ sample, index }) => [sample, index])).toEqual(
      each.kink_coords.map((index) => [0, index]),
    );
    for (const { distance: away } of answer.certificate.kinks) {
      expect(away).toBeLessThanOrEqual(answer.certificate.kinkTolerance[0]);
    }
  });

  test.each(['1e-2', '1e-11'])('they are found at tolerance %s too, with the right gradients', async (tolerance) => {
    for (const each of loadKinks()) {
      for (const selection of [undefined, 0.5, 1]) {
        const { answer } = await solve(
          { ...given(each), W: each.W, selection },
          '--tolerance',
          tolerance,
          '--backend',
          'cpu',
        );
        const expected = each.admissible.find(({ q }) => q.every((one) => one === (selection ?? 0)));
        expect(distance(answer.grad_b, expected?.grad_b)).toBeLessThan(20 * Number(tolerance));
        expect(answer.certificate.kinks.map(({ index }) => index)).toEqual(each.kink_coords);
        expect(answer.certificate.unresolved).toEqual([0]);
      }
    }
  });

  test('the selection is 0 unless it is given', async () => {
    const [each] = loadKinks();
    const { answer } = await solve({ ...given(each), W: each.W });
    expect(distance(answer.grad_b, each.admissible[0].grad_b)).toBeLessThan(1e-8);
  });
});

test('the error bound includes rounding where W is nearly the identity', async () => {
  const W = 0.999999999999;
  const { answer } = await solve({ kind: 'monotone', activation: 'relu', W: [[W]], b: [[1]] }, '--backend', 'cpu');
  const [[z]] = answer.z;
  const [bound] = answer.report.error_bound;
  const error = Math.abs(z * (1 - W) - 1); // 1 − W is exact in float64
  expect(bound).toBeGreaterThanOrEqual(error);
  expect(bound).toBeGreaterThan(1e-7);
  expect(bound).toBeLessThan(1e-2);
});

describe('the answer', () => {
  const small = {
    kind: 'monotone',
    activation: 'relu',
    W: [
      [0, 1],
      [0, 0],
    ],
    b: [
      [1, 1],
      [-3, 2],
    ],
  };

  test('has a report for each sample, and no gradients without v', async () => {
    const { code, answer } = await solve(small);
    expect(code).toBe(0);
    expect(Object.keys(answer)).toEqual(['z', 'report', 'certificate']);
    const { status, iterations, residual, floor, error_bound, ...rest } = answer.report;
    for (const each of status) expect(['converged', 'stalled']).toContain(each);
    for (const numbers of [iterations, residual, floor, error_bound]) {
      expect(numbers).toHaveLength(2);
      for (const number of numbers) expect(number).toBeGreaterThanOrEqual(0);
    }
    expect(status).toHaveLength(2);
    expect(rest).toEqual({
      solver: 'peaceman-rachford',
      backend: 'cpu',
      milliseconds: expect.any(Number),
      tolerance: 4 * 2 ** -52,
    });
  });

  test('has a report of the backward solve with v', async () => {
    const { answer } = await solve({ ...small, v: small.b });
    expect(answer.report.backward).toMatchObject({ solver: 'peaceman-rachford+bicgstab+cgnr', backend: 'cpu' });
    expect(answer.report.backward?.status).toHaveLength(2);
  });

  test('takes a list of numbers as one sample', async () => {
    const { answer } = await solve({ ...small, b: [1, 1], v: [1, 1] });
    expect(distance(answer.z, [[2, 1]])).toBeLessThan(1e-14);
    expect(distance(answer.grad_b, [[1, 2]])).toBeLessThan(1e-14);
    expect(answer.z).toHaveLength(1);
  });

  test('accepts softThreshold in both spellings', async () => {
    const problem = { ...small, tau: 0.25 };
    const lower = await solve({ ...problem, activation: 'softthreshold' });
    const camel = await solve({ ...problem, activation: 'softThreshold' });
    expect(lower.answer.z).toEqual(camel.answer.z);
  });

  test.each<[string, object, (x: number) => number]>([
    ['leakyRelu', {}, (x) => (x > 0 ? x : 0.01 * x)],
    ['leakyrelu', { slope: 0.5 }, (x) => (x > 0 ? x : 0.5 * x)],
    ['clip', {}, (x) => Math.min(Math.max(x, -1), 1)],
    ['clip', { low: 0, high: 0.25 }, (x) => Math.min(Math.max(x, 0), 0.25)],
    ['elu', { alpha: 0.5 }, (x) => (x > 0 ? x : 0.5 * (Math.exp(x) - 1))],
    ['softplus', {}, (x) => Math.log(1 + Math.exp(x))],
    ['softsign', {}, (x) => x / (1 + Math.abs(x))],
    ['arctan', {}, Math.atan],
  ])('has the activation %s %o', async (activation, parameters, sigma) => {
    // With W = 0 the solution is σ(b).
    const b = [[-2, -0.3, 0.5, 3]];
    const W = Array.from({ length: 4 }, () => [0, 0, 0, 0]);
    const { code, answer } = await solve({ kind: 'monotone', activation, ...parameters, W, b });
    expect(code).toBe(0);
    expect(distance(answer.z, [b[0].map(sigma)])).toBeLessThan(1e-14);
  });

  test('is printed with exit code 3 where a solve did not converge', async () => {
    const [each] = loadMonotone('n32');
    const { code, answer } = await solve({ ...given(each), W: each.W }, '--limit', '1');
    expect(code).toBe(3);
    expect(answer.report.status).toContain('limit');
    expect(answer.z).toHaveLength(each.batch);
  });

  test('has null in place of numbers that are not finite', async () => {
    const { code, answer } = await solve({ ...small, b: [[1e308, 1e308]] });
    expect(code).toBe(3);
    expect(answer.report).toMatchObject({ status: ['diverged'], residual: [null] });
  });

  test('honours the tolerance', async () => {
    const { answer } = await solve(small, '--tolerance', '1e-2');
    expect(answer.report).toMatchObject({ tolerance: 1e-2, status: ['converged', 'converged'] });
  });

  test('is the same for a file, with a byte order mark', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'equilibra-solve-'));
    try {
      const file = join(folder, 'problem.json');
      writeFileSync(file, `\uFEFF${JSON.stringify(small)}`);
      const { code, out } = await run(['solve', file]);
      expect(code).toBe(0);
      expect(JSON.parse(out).z).toEqual((await solve(small)).answer.z);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('agrees on webgpu, in its precision', async () => {
    const [each] = loadMonotone('n4');
    const { code, answer } = await solve({ ...given(each), W: each.W }, '--backend', 'webgpu');
    expect(code).toBe(0);
    expect(answer.report).toMatchObject({ backend: 'webgpu', tolerance: 4 * 2 ** -23 });
    expect(distance(answer.z, each.z)).toBeLessThan(1e-5);
    expect(distance(answer.grad_W, each.grad_W)).toBeLessThan(1e-5);
  });
});
