// Decides when a sample stops, by the rule of STATE_ROWS in iteration-kernels.ts. Goes before the kernels that observe
// residuals.

const INFINITY_BITS = 0x7f800000u;

// The state of a sample, in the order of STATE_ROWS.
struct Watch {
  status: f32,
  remaining: f32, // iterations that the sample may still take
  residual: f32,
  best: f32,
  stale: f32,
}

struct Rule {
  tolerance: f32,
  lowest: f32, // the floor: the residual that rounding alone causes
  staleLimit: f32,
  giveUp: bool,
  count: f32, // iterations since the last residual
}

fn statusAfter(residual: f32, stale: f32, remaining: f32, rule: Rule) -> f32 {
  // NaN and Inf are recognised by their bits, because a compiler may assume that they do not occur.
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

// The state of a running sample after an iteration with the given residual.
fn observed(before: Watch, residual: f32, rule: Rule) -> Watch {
  // `best` may be infinite before the first residual, and no comparison with an infinity is reliable.
  let noBest = bitcast<u32>(before.best) == INFINITY_BITS;
  let stale = select(before.stale + 1.0, 0.0, noBest || residual < 0.9 * before.best);
  let isNaN = (bitcast<u32>(residual) & 0x7fffffffu) > INFINITY_BITS;
  let best = select(before.best, residual, noBest || isNaN || residual < before.best);
  let remaining = before.remaining - rule.count;
  return Watch(statusAfter(residual, stale, remaining, rule), remaining, residual, best, stale);
}
