// Formulas over a few numbers per sample; see SCALARS in kernels.ts and STATE_ROWS in iteration-kernels.ts.
import { Scalar, ScalarOperation } from '../instructions';
import { buffer, real, word } from './memory';

/** The rows of the state. */
const STATUS: i32 = 0;
const REMAINING: i32 = 1;
const RESIDUAL: i32 = 2;
const BEST: i32 = 3;
const STALE: i32 = 4;
export const STATE_ROWS: i32 = 5;

const RUNNING: f32 = 0;
const CONVERGED: f32 = 1;
const STALLED: f32 = 2;
const DIVERGED: f32 = 3;
const GAVE_UP: f32 = 4;
const EXHAUSTED: f32 = 5;

/** Computes the samples `first` to `last`. */
export function scalar(at: usize, first: i32, last: i32): void {
  const operation = word(at, Scalar.operation);
  const out = buffer(at, Scalar.out);
  for (let sample = first; sample < last; sample++) {
    if (operation === ScalarOperation.monitor) {
      monitor(at, out, sample);
      continue;
    }
    let result = ratio(operand(at, 0, sample), operand(at, 1, sample));
    if (operation !== ScalarOperation.ratio) result *= ratio(operand(at, 2, sample), operand(at, 3, sample));
    store<f32>(place(out, sample), result);
  }
}

function ratio(x: f32, y: f32): f32 {
  // y − y is 0 where y is finite, otherwise NaN.
  if (y !== 0) return x / y + (y - y);
  return x > 0 || x <= 0 ? 0 : x;
}

function place(values: usize, index: i32): usize {
  return values + ((<usize>index) << 2);
}

function operand(at: usize, index: i32, sample: i32): f32 {
  const isShared = (word(at, Scalar.shared) >> index) & 1;
  return load<f32>(place(buffer(at, Scalar.operand + index), isShared ? 0 : sample));
}

function monitor(at: usize, out: usize, sample: i32): void {
  const batch = word(at, Scalar.batch);
  const state = buffer(at, Scalar.operand);
  for (let row = 0; row < STATE_ROWS; row++) {
    store<f32>(place(out, row * batch + sample), load<f32>(place(state, row * batch + sample)));
  }
  if (load<f32>(place(out, STATUS * batch + sample)) !== RUNNING) return;
  const giveUp = real(at, Scalar.p1) !== 0;
  const staleLimit = real(at, Scalar.p0);
  observe(
    out,
    batch,
    sample,
    operand(at, 1, sample),
    operand(at, 2, sample),
    operand(at, 3, sample),
    staleLimit,
    giveUp,
    real(at, Scalar.p2),
  );
}

/** Updates the state, [STATE_ROWS, batch], of a running sample with its new residual. */
export function observe(
  state: usize,
  batch: i32,
  sample: i32,
  residual: f32,
  tolerance: f32,
  floor: f32,
  staleLimit: f32,
  giveUp: bool,
  count: f32 = 1,
): void {
  const best = load<f32>(place(state, BEST * batch + sample));
  const stale = residual < <f32>0.9 * best ? <f32>0 : load<f32>(place(state, STALE * batch + sample)) + 1;
  const remaining = load<f32>(place(state, REMAINING * batch + sample)) - count;
  store<f32>(place(state, REMAINING * batch + sample), remaining);
  store<f32>(place(state, RESIDUAL * batch + sample), residual);
  store<f32>(place(state, STALE * batch + sample), stale);
  store<f32>(place(state, BEST * batch + sample), min<f32>(best, residual));
  let status = RUNNING;
  if (!(residual <= 1e30))
    status = DIVERGED; // also when it is NaN
  else if (residual <= tolerance) status = CONVERGED;
  else if (stale >= staleLimit || remaining <= 0) {
    if (residual <= 4 * floor) status = STALLED;
    else if (stale >= staleLimit && giveUp) status = GAVE_UP;
    else if (remaining <= 0) status = EXHAUSTED;
  }
  store<f32>(place(state, STATUS * batch + sample), status);
}
