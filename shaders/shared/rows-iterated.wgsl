// Row-wise operations that are found by an iteration. Goes after rows.wgsl, before rows-*.wgsl. Pipelines with another
// operation contain rows-direct.wgsl instead.

const EPSILON = 1.1920929e-7;

fn operation(span: Span) {
  switch (OPERATION) {
    case OPERATION_PROXIMAL_SOFTMAX: { proximalSoftmax(span); }
    case OPERATION_PROJECT_SIMPLEX: { projectSimplex(span); }
    default: {}
  }
}

// Solves h(w) = αw + (1 − α)(eʷ − 1) = c ≤ 0 for w ≤ 0. For α < 1, h is convex and w at most (c + 1 − α)/α. For α > 1,
// h is concave and w at least that. After one Newton step the others approach w monotonically.
fn logarithmOfEntry(start: f32, c: f32, alpha: f32) -> f32 {
  let rest = 1.0 - alpha;
  let bound = smaller((c + rest) / alpha, 0.0);
  var w = start;
  for (var trip = 0u; trip < 24u; trip += 1u) {
    if (alpha < 1.0) {
      w = smaller(w, bound);
    } else {
      w = smaller(larger(w, bound), 0.0);
    }
    let e = exponentialMinusOne(w);
    let change = (alpha * w + (rest * e - c)) / (alpha + rest * (1.0 + e));
    w -= change;
    // Newton's method converges quadratically: the next change would be about the square of this one.
    if (abs(change) <= 1.0e-5 || isNaN(change)) {
      break;
    }
  }
  return smaller(w, 0.0);
}

// prox_{αf} for the f with softmax = prox_f: s = softmax(t) with (1 − α)s + αt = x. Write wᵢ = ln sᵢ. Then tᵢ = wᵢ + κ for some κ, and the equation separates:
// h(wᵢ) is xᵢ up to a number common to all i, so that h(wᵢ) = h(ω) − (max x − xᵢ), where ω is the w of the largest
// entry. h increases on w ≤ 0, and so does Σ e^wᵢ with ω. The ω in [−ln n, 0] at which this sum is 1 is found by
// Newton's method on ln Σ, with a bisection if it leaves the bracket. `result` stores w until the end.
fn proximalSoftmax(span: Span) {
  let alpha = y[0];
  let rest = 1.0 - alpha;
  let largest = largestOf(span);
  let enough = 2.0 * EPSILON * (1.0 + sqrt(f32(sizes.columns)));
  var low = -log(f32(sizes.columns));
  var high = 0.0;
  var peak = clamped(-logarithm(exponentialsOf(span, largest)), low, high);
  for (var at = span.begin; at < span.end; at += span.stride) {
    result[at] = peak + (x[at] - largest);
  }
  var sum = 1.0;
  for (var trip = 0u; trip < 30u; trip += 1u) {
    let top = alpha * peak + rest * exponentialMinusOne(peak);
    var sums = vec2<f32>();
    for (var at = span.begin; at < span.end; at += span.stride) {
      let w = logarithmOfEntry(result[at], top + (x[at] - largest), alpha);
      result[at] = w;
      let s = exponential(w);
      sums += vec2<f32>(s, s / (alpha + rest * s));
    }
    sums = joinedSum(sums);
    sum = sums.x;
    if (abs(sum - 1.0) <= enough || isNaN(sum)) {
      break;
    }
    if (sum > 1.0) {
      high = peak;
    } else {
      low = peak;
    }
    // d ln Σ / dω = h'(ω)·Σ (sᵢ / h'(wᵢ)) / Σ sᵢ
    var next = peak - logarithmOfSum(sum) * sum / ((alpha + rest * exponential(peak)) * sums.y);
    if (!(next > low && next < high)) {
      next = low + 0.5 * (high - low);
    }
    if (next == peak) {
      break;
    }
    peak = next;
  }
  for (var at = span.begin; at < span.end; at += span.stride) {
    result[at] = exponential(result[at]) / sum;
  }
}

// ln Σ. Near 1 the built-in log has an absolute error, and 2(Σ − 1)/(Σ + 1) agrees with ln Σ to third order.
fn logarithmOfSum(sum: f32) -> f32 {
  if (abs(sum - 1.0) < 0.1) {
    return 2.0 * (sum - 1.0) / (sum + 1.0);
  }
  return logarithm(sum);
}

// max(u − τ, 0) with u = x − max x and Σ max(u − τ, 0) = R, for which −R ≤ τ < 0. The sum is convex in τ, so that
// Newton's method rises to τ from −R. With g the distance of the sum from R and s the number of terms, a step turns them
// into g₊ and s₊ with g₊/g + s₊/s ≤ 1: their product falls by a factor of at least 4, and 64 steps are never needed.
fn projectSimplex(span: Span) {
  let largest = largestOf(span);
  let radius = sizes.p0;
  var threshold = -radius;
  for (var trip = 0u; trip < 64u; trip += 1u) {
    var sums = vec2<f32>();
    for (var at = span.begin; at < span.end; at += span.stride) {
      let above = (x[at] - largest) - threshold;
      if (above > 0.0) {
        sums += vec2<f32>(above, 1.0);
      }
    }
    sums = joinedSum(sums);
    let next = threshold + (sums.x - radius) / max(sums.y, 1.0);
    if (!(next > threshold)) {
      break;
    }
    threshold = next;
  }
  for (var at = span.begin; at < span.end; at += span.stride) {
    result[at] = larger((x[at] - largest) - threshold, 0.0);
  }
}
