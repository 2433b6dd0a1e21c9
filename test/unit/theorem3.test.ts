/**
 * Theorem 3 of Bolte, Le, Pauwels & Silveti-Falls (2021): from random starts the objective settles, and 0 is in the
 * intervals of gradients at the end. `npm run theorem3` does the same from 20 seeds, whose figures are judged here; the long
 * suite theorem3 runs two of the problems.
 */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { distanceToCritical, leastNorm } from '../../bench/theorem3/criticality.ts';
import { NETWORKS } from '../../bench/theorem3/networks.ts';
import { PENALTIES } from '../../bench/theorem3/penalties.ts';
import { distanceFromZero, type Problem } from '../../bench/theorem3/problem.ts';
import { isCriticalEnd, runProblem } from '../../bench/theorem3/run.ts';
import { type ProblemFound, tableOf } from '../../bench/theorem3/table.ts';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { Engine } from '../../src/tensor/engine.ts';
import { stochasticGradient } from '../../src/train/stochastic-gradient.ts';
import { norm } from '../support/numbers.ts';

const engine = new Engine(openCPU());
afterAll(() => engine.close());

const problems = [...NETWORKS, ...PENALTIES];
function problemOf(name: string): Problem {
  const found = problems.find((problem) => problem.name === name);
  if (!found) throw new Error(`no problem is called ${name}`);
  return found;
}

describe('stochasticGradient({ theorem3: true })', () => {
  test('learns the penalty of a Lasso, whose best value is at a kink', async () => {
    const problem = { ...problemOf('lasso'), epochs: 150 };
    const found = await runProblem(engine, problem, 1);
    expect(found).toSatisfy((run: typeof found) => isCriticalEnd(problem, run));
    // It is a kink, at which no gradient is small; and the start was not critical.
    expect(found.gradient).toBeGreaterThan(5 * problem.tolerance);
    expect(found.distance[0]).toBeGreaterThan(20 * problem.tolerance);
  });

  test('outside the theorem, a constant step size does not settle there', async () => {
    const problem = { ...problemOf('lasso'), epochs: 100 };
    const found = await runProblem(engine, problem, 0, () => stochasticGradient({ rate: 2 }));
    expect(found.unrest).toBeGreaterThan(3 * problem.unrest);
  });
});

describe('the figures of 20 seeds', () => {
  const results = JSON.parse(readFileSync('bench/results/theorem3.json', 'utf8')) as { problems: ProblemFound[] };

  test('from starts that are not critical, all runs settle at critical points', () => {
    expect(results.problems.map(({ name }) => name)).toEqual(problems.map(({ name }) => name));
    for (const { name, runs } of results.problems) {
      const problem = problemOf(name);
      expect(new Set(runs.map(({ seed }) => seed)).size).toBe(20);
      for (const { distance } of runs) {
        expect(distance[0]).toBeGreaterThan(1.5 * problem.tolerance);
        expect(distance[0]).toBeGreaterThan(distance[1]);
      }
      expect(runs.filter((run) => !isCriticalEnd(problem, run))).toEqual([]);
    }
  });

  test('stand in the docs', () => {
    const table = tableOf(results.problems);
    expect(readFileSync('bench/results/theorem3.md', 'utf8')).toBe(table);
    expect(readFileSync('docs/theorem-3.md', 'utf8')).toContain(table.trim());
  });
});

describe('the measures', () => {
  test('how far 0 is from an interval', () => {
    expect(distanceFromZero({ low: -1, high: 2 })).toBe(0);
    expect(distanceFromZero({ low: 0.5, high: 2 })).toBe(0.5);
    expect(distanceFromZero({ low: -2, high: -0.25 })).toBe(0.25);
    expect(distanceFromZero({ low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY })).toBe(
      Number.POSITIVE_INFINITY,
    );
  });

  test('the least norm in a hull', () => {
    const close = (found: number[], wanted: number[]): void =>
      expect(norm(found.map((x, i) => x - wanted[i]))).toBeLessThan(1e-4);
    close(leastNorm([[3, 4]]), [3, 4]);
    close(
      leastNorm([
        [1, 2],
        [1, -1],
      ]),
      [1, 0],
    );
    close(
      leastNorm([
        [1, 0],
        [0, 1],
        [2, 2],
      ]),
      [0.5, 0.5],
    );
    close(
      leastNorm([
        [1, 1],
        [-1, 1],
        [0, -1],
      ]),
      [0, 0],
    );
  });

  test('|x| + y² is critical at 0 alone', async () => {
    const gradientAt = async ([x, y]: number[]): Promise<number[]> => [Math.sign(x), 2 * y];
    const options = { radius: 0.1, points: 50, seed: 1 };
    expect((await distanceToCritical(gradientAt, [0, 0], options)).distance).toBeLessThan(1e-4);
    expect((await distanceToCritical(gradientAt, [0.2, 0], options)).distance).toBeGreaterThan(0.99);
    expect((await distanceToCritical(gradientAt, [0, 1], options)).distance).toBeGreaterThan(1.8);
  });
});
