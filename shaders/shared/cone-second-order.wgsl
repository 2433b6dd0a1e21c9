// The second-order cone t ≥ ‖u‖ of (t, u). Goes after cone-blocks.wgsl.

// ‖u‖, scaled.
fn radiusOf(at: u32, factor: f32) -> f32 {
  var sum = 0.0;
  for (var i = 1u; i < sizes.size; i += 1u) {
    let u = x[at + i] * factor;
    sum += u * u;
  }
  return sqrt(sum);
}

fn project(at: u32) {
  let size = sizeOf(at);
  if (!isNumber(size)) {
    fill(at, notANumber(size));
    return;
  }
  let exponent = exponentOf(size);
  let factor = powerOfTwo(-exponent);
  let t = x[at] * factor;
  let radius = radiusOf(at, factor);
  if (radius <= t) {
    for (var i = 0u; i < sizes.size; i += 1u) {
      result[at + i] = x[at + i];
    }
  } else if (radius <= -t) {
    fill(at, 0.0);
  } else {
    let half = 0.5 * (t + radius);
    let ratio = half / radius;
    for (var i = 1u; i < sizes.size; i += 1u) {
      result[at + i] = ratio * x[at + i];
    }
    result[at] = half * powerOfTwo(exponent);
  }
}

fn differentiate(at: u32, tolerance: f32, q: f32) {
  let size = sizeOf(at);
  let sum = size + tolerance + sizeOfDirection(at);
  if (!isNumber(sum)) {
    fill(at, notANumber(sum));
    return;
  }
  let factor = powerOfTwo(-exponentOf(size));
  let near = tolerance * factor;
  let t = x[at] * factor;
  let radius = radiusOf(at, factor);
  let head = h[at];
  var along = 0.0; // wᵀh
  if (radius > 0.0) {
    for (var i = 1u; i < sizes.size; i += 1u) {
      along += (x[at + i] * factor / radius) * h[at + i];
    }
  }
  // Jh = kept·h + (first, second·w)
  var kept = 0.0;
  var first = 0.0;
  var second = 0.0;
  if (sqrt(t * t + radius * radius) <= near) {
    kept = q;
  } else if (radius > 0.0 && abs(t - radius) <= 1.41421356 * near) {
    kept = 1.0;
    first = (q - 1.0) * 0.5 * (head - along);
    second = -first;
  } else if (radius > 0.0 && abs(t + radius) <= 1.41421356 * near) {
    first = q * 0.5 * (head + along);
    second = first;
  } else if (radius <= t) {
    kept = 1.0;
  } else if (radius > -t) {
    let ratio = t / radius;
    kept = 0.5 * (1.0 + ratio);
    first = 0.5 * (head + along) - kept * head;
    second = 0.5 * (head - ratio * along);
  }
  result[at] = kept * head + first;
  for (var i = 1u; i < sizes.size; i += 1u) {
    var added = 0.0;
    if (radius > 0.0) {
      added = second * (x[at + i] * factor / radius);
    }
    result[at + i] = kept * h[at + i] + added;
  }
}
