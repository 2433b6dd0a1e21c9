// When a sample stops: the rule of the operation `monitor` in kernels.ts. Prepended to the kernels that watch residuals.

const INFINITY_BITS = 0x7f800000u;

// The rows of a sample's state, in the order of STATE_ROWS in kernels.ts.
struct Watch {
  status: f32,
  remaining: f32, // iterations
  residual: f32,
  best: f32,
  stale: f32,
}

struct Rule {
  tolerance: f32,
  lowest: f32, // residual of rounding
  staleLimit: f32,
  giveUp: bool,
  count: f32, // iterations that a residual stands for
}

fn statusAfter(residual: f32, stale: f32, remaining: f32, rule: Rule) -> f32 {
  // NaN and Inf are told by their bits: a compiler may assume that they do not occur.
  if ((bitcast<u32>(residual) & INFINITY_BITS) == INFINITY_BITS || residual > 1.0e30) {
    return STATUS_DIVERGED;
  }
  if (residual <= rule.tolerance) {
    return STATUS_CONVERGED;
  }
  if (stale < rule.staleLimit && remaining > 0.0) {
    return STATUS_RUNNING;
  }
  if (residual <= 4.0 * rule.lowest) {
    return STATUS_STALLED;
  }
  if (stale >= rule.staleLimit && rule.giveUp) {
    return STATUS_GAVE_UP;
  }
  return select(STATUS_RUNNING, STATUS_EXHAUSTED, remaining <= 0.0);
}

// The state of a running sample after an iteration with this residual.
fn observed(before: Watch, residual: f32, rule: Rule) -> Watch {
  // An infinite best (no residual seen yet) is larger than every finite residual.
  let noBest = bitcast<u32>(before.best) == INFINITY_BITS;
  let stale = select(before.stale + 1.0, 0.0, noBest || residual < 0.9 * before.best);
  let isNaN = (bitcast<u32>(residual) & 0x7fffffffu) > INFINITY_BITS;
  let best = select(before.best, residual, noBest || isNaN || residual < before.best);
  let remaining = before.remaining - rule.count;
  return Watch(statusAfter(residual, stale, remaining, rule), remaining, residual, best, stale);
}
