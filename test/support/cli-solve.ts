/** `equilibra solve` as another language would call it, and comparisons of its answers. */
import { expect } from 'vitest';
import { run } from '../fixtures/cli/run.ts';

/** Solves a problem. */
export async function solveByCommand<Answer>(
  problem: object,
  ...options: string[]
): Promise<{ code: number; answer: Answer }> {
  const { code, out, error } = await run(['solve', '-', ...options], { input: JSON.stringify(problem) });
  expect(error).toBe('');
  expect(out.endsWith('}\n')).toBe(true);
  return { code, answer: JSON.parse(out) };
}

/** The message, in one line, with which a problem is refused. */
export async function refuseByCommand(problem: object, ...options: string[]): Promise<string> {
  const { code, out, error } = await run(['solve', '-', ...options], { input: JSON.stringify(problem) });
  expect([code, out, error.trim().split('\n').length]).toEqual([2, '', 1]);
  return error;
}

type Nested = number | readonly Nested[];
const flat = (value: unknown): number[] => [value as Nested].flat(Number.POSITIVE_INFINITY as 1) as number[];

/** @param tolerance relative to the largest of the numbers expected, if that is above 1 */
export function compareNumbers(actual: unknown, expected: unknown, tolerance: number): void {
  const [numbers, references] = [flat(actual), flat(expected)];
  expect(numbers.length).toBe(references.length);
  const size = references.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  for (const [index, value] of references.entries()) {
    expect(Math.abs(numbers[index] - value)).toBeLessThanOrEqual(tolerance * size);
  }
}
