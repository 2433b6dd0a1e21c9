// Computes the next state of the samples that still run; STATE_ROWS in src/backends/iteration-kernels.ts has the
// formulas.
//
//   state                       [5, batch]: status, remaining, residual, best, stale
//   residuals, tolerances, floors  [batch], or one number if the stride is 0
//   output                      [batch, 5]

function monitor(
  state,
  residuals,
  tolerances,
  floors,
  batch,
  residualStride,
  toleranceStride,
  floorStride,
  staleLimit,
  mayGiveUp,
  count,
) {
  const sample = this.thread.x;
  const row = this.thread.y;
  if (state[sample] !== 0) {
    return state[row * batch + sample];
  }
  const residual = residuals[sample * residualStride];
  const best = state[3 * batch + sample];
  const seen = isFinite32(best);
  let stale = state[4 * batch + sample] + 1;
  if (seen === 0 || residual < 0.9 * best) {
    stale = 0;
  }
  const remaining = state[batch + sample] - count;
  if (row === 0) {
    return statusAfter(
      residual,
      tolerances[sample * toleranceStride],
      floors[sample * floorStride],
      stale,
      staleLimit,
      remaining,
      mayGiveUp,
    );
  }
  if (row === 1) {
    return remaining;
  }
  if (row === 2) {
    return residual;
  }
  if (row === 4) {
    return stale;
  }
  if (seen === 1 && residual >= best) {
    return best;
  }
  return residual;
}

// The values are those of STATUS in src/backends/iteration-kernels.ts.
function statusAfter(residual, tolerance, floor, stale, staleLimit, remaining, mayGiveUp) {
  if (isFinite32(residual) === 0 || residual > 1e30) {
    return 3;
  }
  if (residual <= tolerance) {
    return 1;
  }
  if (stale < staleLimit && remaining > 0) {
    return 0;
  }
  if (residual <= 4 * floor) {
    return 2;
  }
  if (mayGiveUp !== 0 && stale >= staleLimit) {
    return 4;
  }
  if (remaining <= 0) {
    return 5;
  }
  return 0;
}
