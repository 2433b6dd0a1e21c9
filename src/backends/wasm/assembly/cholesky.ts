// A = L·Lᵀ for each sample, row by row; see CholeskyCall in batched-kernels.ts.
import { Factor } from '../extra-instructions';
import { beat } from './clock';
import { failureOf, hasFailed, isPivot, markFailed, sampleIn } from './factor-state';
import { buffer, real, word } from './memory';
import { dot } from './vectors';

/** Computes the rows from `start` to `stop` of the factors of the samples `first` to `last`. */
export function cholesky(at: usize, first: i32, last: i32): void {
  for (let sample = first; sample < last; sample++) {
    beat();
    factorRows(at, sample);
  }
}

function factorRows(at: usize, sample: i32): void {
  const order = word(at, Factor.order);
  const pitch = (<usize>order) << 2;
  const factor = sampleIn(at, buffer(at, Factor.out), sample);
  const matrix = sampleIn(at, buffer(at, Factor.matrix), sample);
  const start = word(at, Factor.start);
  const failure = failureOf(at, sample);
  if (start === 0) {
    store<f32>(failure, 0);
    memory.fill(factor, 0, <usize>order * pitch);
  } else if (hasFailed(failure)) return;
  const least = real(at, Factor.least);
  for (let i = start; i < word(at, Factor.stop); i++) {
    const row = factor + <usize>i * pitch;
    const given = matrix + <usize>i * pitch;
    for (let j = 0; j < i; j++) {
      const other = factor + <usize>j * pitch;
      const place = (<usize>j) << 2;
      store<f32>(row + place, (load<f32>(given + place) - dot(row, other, j)) / load<f32>(other + place));
    }
    const place = (<usize>i) << 2;
    const diagonal = load<f32>(given + place);
    const pivot = diagonal - dot(row, row, i);
    if (!isPivot(pivot, least * diagonal)) {
      markFailed(at, sample, i);
      return;
    }
    store<f32>(row + place, sqrt<f32>(pivot));
  }
}
