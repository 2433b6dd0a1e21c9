// What both forms of the row-wise kernel share. Prepended to rows-*.wgsl, which declare joinedSum and joinedMaximum: a
// value of each invocation of a row goes in, their sum or maximum comes out, the same for all of them.
//
//   binding 0  sizes   uniform
//   binding 1  guard   uniform; nothing happens when guard.x is 0
//   binding 2  x       [rows, columns]
//   binding 3  y       [rows, columns], or [1] (the α of proximalSoftmax), or absent
//   binding 4  result  [rows, columns]
// The formulas are those of ROWS in kernels.ts. An invocation computes the columns first, first + stride, … of a row.

struct Sizes {
  rows: u32,
  columns: u32,
  p0: f32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<uniform> guard: vec4<u32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> y: array<f32>;
@group(0) @binding(4) var<storage, read_write> result: array<f32>;

override OPERATION: u32 = OPERATION_SOFTMAX;

const EPSILON = 1.1920929e-7;

struct Span {
  begin: u32, // of the columns of this invocation
  end: u32,
  stride: u32,
}

fn computeRow(row: u32, first: u32, stride: u32) {
  let start = row * sizes.columns;
  let span = Span(start + first, start + sizes.columns, stride);
  switch (OPERATION) {
    case OPERATION_SOFTMAX: { softmax(span); }
    case OPERATION_LOG_SOFTMAX: { logSoftmax(span); }
    case OPERATION_PROXIMAL_SOFTMAX: { proximalSoftmax(span); }
    case OPERATION_STANDARDISE: { standardise(span); }
    case OPERATION_STANDARDISE_DERIVATIVE: { standardiseDerivative(span); }
    default: {}
  }
}

fn largestOf(span: Span) -> f32 {
  var largest = x[span.end - 1u]; // of those without a column too
  for (var at = span.begin; at < span.end; at += span.stride) {
    largest = larger(largest, x[at]);
  }
  return joinedMaximum(largest);
}

// Σ e^(xᵢ − max x)
fn exponentialsOf(span: Span, largest: f32) -> f32 {
  var total = 0.0;
  for (var at = span.begin; at < span.end; at += span.stride) {
    total += exponential(x[at] - largest);
  }
  return joinedSum(vec2<f32>(total, 0.0)).x;
}

fn softmax(span: Span) {
  let largest = largestOf(span);
  let total = exponentialsOf(span, largest);
  for (var at = span.begin; at < span.end; at += span.stride) {
    result[at] = exponential(x[at] - largest) / total;
  }
}

fn logSoftmax(span: Span) {
  let largest = largestOf(span);
  let shift = logarithm(exponentialsOf(span, largest));
  for (var at = span.begin; at < span.end; at += span.stride) {
    result[at] = x[at] - largest - shift;
  }
}

// The w ≤ 0 with h(w) = αw + (1 − α)(eʷ − 1) = c ≤ 0. For α < 1 h is convex and w at most (c + 1 − α)/α, for α > 1 it is
// concave and w at least that: a Newton step ends on the side from which the next ones approach steadily.
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
    // The next change would be about its square.
    if (abs(change) <= 1.0e-5 || isNaN(change)) {
      break;
    }
  }
  return smaller(w, 0.0);
}

// s = softmax(t) with (1 − α)s + αt = x. With wᵢ = ln sᵢ and t = λ + w the entries part: h(wᵢ) is xᵢ up to a number common
// to all, so that h(wᵢ) = h(ω) − (max x − xᵢ), where ω is the w of the largest entry. h increases on w ≤ 0, and so does
// Σ e^wᵢ with ω: the ω in [−ln n, 0] at which it is 1 is found by Newton steps on ln Σ, bisections where one leaves the
// bracket. The result holds w until the end.
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

// ln Σ; near 1, where the built-in one has an absolute error, 2(Σ − 1)/(Σ + 1) agrees to third order.
fn logarithmOfSum(sum: f32) -> f32 {
  if (abs(sum - 1.0) < 0.1) {
    return 2.0 * (sum - 1.0) / (sum + 1.0);
  }
  return logarithm(sum);
}

struct Moments {
  mean: f32, // rounded; `correction` is what it lacks
  correction: f32,
  unit: f32, // a power of two, 1 but for very large numbers
  scale: f32, // 1/√(variance + ε), divided by the unit
}

// By two passes: of large numbers that differ little the difference of squares would lose all.
fn moments(span: Span) -> Moments {
  let count = f32(sizes.columns);
  var total = 0.0;
  for (var at = span.begin; at < span.end; at += span.stride) {
    total += x[at];
  }
  let mean = joinedSum(vec2<f32>(total, 0.0)).x / count;
  // Of differences times this, which is 1 but where their squares overflow.
  var unit = 1.0;
  var sums = vec2<f32>();
  for (var trip = 0u; trip < 2u; trip += 1u) {
    sums = vec2<f32>();
    for (var at = span.begin; at < span.end; at += span.stride) {
      let difference = (x[at] - mean) * unit;
      sums += vec2<f32>(difference, difference * difference);
    }
    sums = joinedSum(sums) / count;
    if (sums.y < 1.0e36 || isNaN(sums.y)) {
      break;
    }
    unit = 7.888609052210118e-31; // 2⁻¹⁰⁰
  }
  let variance = larger(sums.y - sums.x * sums.x, 0.0);
  return Moments(mean, sums.x / unit, unit, 1.0 / sqrt(variance + sizes.p0 * unit * unit));
}

fn standardised(value: f32, m: Moments) -> f32 {
  return ((value - m.mean) - m.correction) * m.unit * m.scale;
}

fn standardise(span: Span) {
  let m = moments(span);
  for (var at = span.begin; at < span.end; at += span.stride) {
    result[at] = standardised(x[at], m);
  }
}

fn standardiseDerivative(span: Span) {
  let m = moments(span);
  var sums = vec2<f32>();
  for (var at = span.begin; at < span.end; at += span.stride) {
    sums += vec2<f32>(y[at], y[at] * standardised(x[at], m));
  }
  sums = joinedSum(sums) / f32(sizes.columns);
  for (var at = span.begin; at < span.end; at += span.stride) {
    result[at] = m.unit * m.scale * (y[at] - sums.x - standardised(x[at], m) * sums.y);
  }
}
