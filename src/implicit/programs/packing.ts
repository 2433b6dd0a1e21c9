/** Puts what the host computes for a batch of programs into the rows of tensors. */
import { STATUS } from '../../backends/kernels.ts';
import { SUMMARY_ROWS } from '../summary.ts';
import type { SolvedSample } from './solved-sample.ts';

/** The rows of a summary that a solve on the host has; the others are 0. */
export interface Summarised {
  readonly isSolved: boolean;
  readonly iterations: number;
  readonly residual: number;
  readonly floor?: number;
  readonly notFinite?: number;
}

const SUMMARISED = ['status', 'iterations', 'residual', 'floor', 'notFinite'] as const;

/** A summary, [11, batch], as `readSummary` takes it apart. */
export function packSummary(samples: readonly Summarised[]): Float64Array {
  const batch = samples.length;
  const packed = new Float64Array(SUMMARY_ROWS.length * batch);
  const [status, iterations, residual, floor, notFinite] = SUMMARISED.map((name) => SUMMARY_ROWS.indexOf(name) * batch);
  for (const [index, sample] of samples.entries()) {
    packed[status + index] = sample.isSolved ? STATUS.converged : STATUS.gaveUp;
    packed[iterations + index] = sample.iterations;
    packed[residual + index] = sample.residual;
    packed[floor + index] = sample.floor ?? 0;
    packed[notFinite + index] = sample.notFinite ?? 0;
  }
  return packed;
}

/** x, y and z of each program side by side, [batch, n + 2m]; NaN where there is no solution. */
export function packSolutions(samples: readonly SolvedSample[], n: number, m: number): Float64Array {
  const width = n + 2 * m;
  const packed = new Float64Array(samples.length * width).fill(Number.NaN);
  for (const [index, { result, hasNumbers }] of samples.entries()) {
    if (!hasNumbers) continue;
    const start = index * width;
    packed.set(result.x, start);
    packed.set(result.y, start + n);
    packed.set(result.z, start + n + m);
  }
  return packed;
}
