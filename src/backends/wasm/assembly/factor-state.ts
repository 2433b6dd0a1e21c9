// Where the samples of a factorisation lie, and how the failure of a sample is recorded.
import { Factor } from '../extra-instructions';
import { buffer, word } from './memory';

export function sampleIn(at: usize, matrices: usize, sample: i32): usize {
  const order = <usize>word(at, Factor.order);
  return matrices + ((<usize>sample * order * order) << 2);
}

/** Address of the number behind all matrices that is 0, or 1 + the pivot at which the sample has failed. */
export function failureOf(at: usize, sample: i32): usize {
  return sampleIn(at, buffer(at, Factor.out), word(at, Factor.samples)) + ((<usize>sample) << 2);
}

export function hasFailed(failure: usize): bool {
  return load<f32>(failure) !== 0;
}

/** False for NaN. */
export function isPivot(pivot: f32, least: f32): bool {
  return pivot > least && pivot < f32.POSITIVE_INFINITY;
}

/** Fills the sample with NaN, and records the pivot at which it failed. */
export function markFailed(at: usize, sample: i32, pivot: i32): void {
  const begin = sampleIn(at, buffer(at, Factor.out), sample);
  const end = sampleIn(at, buffer(at, Factor.out), sample + 1);
  for (let to = begin; to < end; to += 4) store<f32>(to, f32.NaN);
  store<f32>(failureOf(at, sample), <f32>(pivot + 1));
}
