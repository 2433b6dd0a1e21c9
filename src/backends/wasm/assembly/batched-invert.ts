// A⁻¹ for each sample, by Gauss-Jordan elimination in place; see BatchedInvertCall in batched-kernels.ts.
import { Factor } from '../extra-instructions';
import { beat } from './clock';
import { failureOf, hasFailed, isPivot, markFailed, sampleIn } from './factor-state';
import { buffer, real, word } from './memory';
import { addTimes, scale } from './vectors';

/** Eliminates the pivots from `start` to `stop` of the samples `first` to `last`. */
export function batchedInvert(at: usize, first: i32, last: i32): void {
  for (let sample = first; sample < last; sample++) {
    beat();
    eliminate(at, sample);
  }
}

function eliminate(at: usize, sample: i32): void {
  const order = word(at, Factor.order);
  const pitch = (<usize>order) << 2;
  const inverse = sampleIn(at, buffer(at, Factor.out), sample);
  const matrix = sampleIn(at, buffer(at, Factor.matrix), sample);
  const start = word(at, Factor.start);
  const failure = failureOf(at, sample);
  if (start === 0) {
    store<f32>(failure, 0);
    memory.copy(inverse, matrix, <usize>order * pitch);
  } else if (hasFailed(failure)) return;
  const least = real(at, Factor.least);
  for (let pivot = start; pivot < word(at, Factor.stop); pivot++) {
    const place = (<usize>pivot) << 2;
    const row = inverse + <usize>pivot * pitch;
    const value = load<f32>(row + place);
    if (!isPivot(value, least * load<f32>(matrix + <usize>pivot * pitch + place))) {
      markFailed(at, sample, pivot);
      return;
    }
    store<f32>(row + place, 1);
    scale(row, <f32>1 / value, order);
    for (let i = 0; i < order; i++) {
      if (i === pivot) continue;
      const other = inverse + <usize>i * pitch;
      const factor = load<f32>(other + place);
      store<f32>(other + place, 0);
      addTimes(other, -factor, row, order);
    }
  }
}
