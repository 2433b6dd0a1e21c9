// Where the samples of a factorisation lie, and what is told of one that has failed.
import { Factor } from '../extra-instructions';
import { buffer, word } from './memory';

export function sampleIn(at: usize, matrices: usize, sample: i32): usize {
  const order = <usize>word(at, Factor.order);
  return matrices + ((<usize>sample * order * order) << 2);
}

/** Address of what is told of a sample, behind all matrices. */
export function failureOf(at: usize, sample: i32): usize {
  return sampleIn(at, buffer(at, Factor.out), word(at, Factor.samples)) + ((<usize>sample) << 2);
}

export function hasFailed(failure: usize): bool {
  return load<f32>(failure) !== 0;
}

/** Not where it is NaN. */
export function isPivot(pivot: f32, least: f32): bool {
  return pivot > least && pivot < f32.POSITIVE_INFINITY;
}

/** The sample is NaN from now on. */
export function markFailed(at: usize, sample: i32, pivot: i32): void {
  const begin = sampleIn(at, buffer(at, Factor.out), sample);
  const end = sampleIn(at, buffer(at, Factor.out), sample + 1);
  for (let to = begin; to < end; to += 4) store<f32>(to, f32.NaN);
  store<f32>(failureOf(at, sample), <f32>(pivot + 1));
}
