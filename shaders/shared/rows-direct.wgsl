// Row-wise operations that read each row a few times. Goes after rows.wgsl, before rows-*.wgsl.

fn operation(span: Span) {
  switch (OPERATION) {
    case OPERATION_SOFTMAX: { softmax(span); }
    case OPERATION_LOG_SOFTMAX: { logSoftmax(span); }
    case OPERATION_STANDARDISE: { standardise(span); }
    case OPERATION_STANDARDISE_DERIVATIVE: { standardiseDerivative(span); }
    default: {}
  }
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

struct Moments {
  mean: f32, // rounded; `correction` is its rounding error
  correction: f32,
  unit: f32, // a power of two; 1, except for very large numbers
  scale: f32, // 1/√(variance + ε), divided by the unit
}

// Reads the row twice, since the difference of squares would lose all digits for large numbers that differ little.
fn moments(span: Span) -> Moments {
  let count = f32(sizes.columns);
  var total = 0.0;
  for (var at = span.begin; at < span.end; at += span.stride) {
    total += x[at];
  }
  let mean = joinedSum(vec2<f32>(total, 0.0)).x / count;
  // The differences are multiplied by `unit`, which is 1 unless their squares overflow.
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
