/** The report of a solve, as `equilibra solve` prints it. */
import type { SolveReport, SolveStatus } from '../index.ts';
import { isSolved } from '../solvers/report.ts';

/** The lists `status`, `iterations`, `residual` and `floor` have one entry for each sample. */
export interface ReportAnswer {
  readonly status: readonly SolveStatus[];
  readonly iterations: readonly number[];
  readonly residual: readonly number[];
  readonly floor: readonly number[];
  readonly solver: string;
  readonly backend: string;
  readonly milliseconds: number;
  readonly tolerance: number;
}

export function createReportAnswer({ samples, solver, backend, milliseconds, tolerance }: SolveReport): ReportAnswer {
  return {
    status: samples.map(({ status }) => status),
    iterations: samples.map(({ iterations }) => iterations),
    residual: samples.map(({ residual }) => residual),
    floor: samples.map(({ floor }) => floor),
    solver,
    backend,
    milliseconds,
    tolerance,
  };
}

export function areSolved(statuses: readonly SolveStatus[]): boolean {
  return statuses.every((status) => isSolved({ status }));
}
