/** The results of `npm run theorem3` as a table. */
import { markdownTable } from '../table.ts';
import type { Problem } from './problem.ts';
import { isCriticalEnd, type RunFound } from './run.ts';

/** A problem with its runs, as the results have it. */
export interface ProblemFound extends Omit<Problem, 'prepare' | 'epochs'> {
  readonly runs: readonly RunFound[];
}

/** Writes the largest values over all seeds, and at the start the smallest distance. */
export function tableOf(problems: readonly ProblemFound[]): string {
  const header = [
    ...['problem', 'settled', 'steps', 'α₀, p', 'objective, start', 'objective, end', 'unrest', 'of at most'],
    ...['kinks within', '0 from the intervals, start', 'end', 'of at most', 'gradient at the end'],
  ];
  const rows = problems.map(({ title, rate, power, tolerance, unrest, runs }) => {
    const range = (of: (run: RunFound) => number, digits: number): string => {
      const numbers = runs.map(of);
      return `${Math.min(...numbers).toFixed(digits)} to ${Math.max(...numbers).toFixed(digits)}`;
    };
    const settled = runs.filter((run) => isCriticalEnd({ tolerance, unrest }, run));
    const largest = (of: (run: RunFound) => number): string => Math.max(...runs.map(of)).toExponential(1);
    return [
      ...[title, `${settled.length} of ${runs.length}`, String(runs[0]?.steps), `${rate}, ${power}`],
      ...[range(({ objective: [start] }) => start, 3), range(({ objective: [, end] }) => end, 3)],
      ...[largest((run) => run.unrest), unrest.toExponential(1)],
      largest(({ radius }) => radius),
      `at least ${Math.min(...runs.map(({ distance: [start] }) => start)).toExponential(1)}`,
      ...[largest(({ distance: [, end] }) => end), tolerance.toExponential(1)],
      range((run) => run.gradient, 4),
    ];
  });
  return `${markdownTable([header, ...rows])}\n`;
}
