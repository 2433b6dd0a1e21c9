// The cones zero, free and nonneg, whose numbers do not depend on one another. Goes after cones.wgsl.

const ZERO = 0u;
const FREE = 1u;

fn project(at: u32) {
  let v = x[at];
  var value = max(v, 0.0);
  if (OPERATION == ZERO) {
    value = 0.0;
  } else if (OPERATION == FREE) {
    value = v;
  }
  result[at] = unlessNaN(v, value);
}

fn differentiate(at: u32, tolerance: f32, q: f32) {
  let v = x[at];
  var slope = step(v, tolerance, q);
  if (OPERATION == ZERO) {
    slope = 0.0;
  } else if (OPERATION == FREE) {
    slope = 1.0;
  }
  result[at] = unlessNaN(v, unlessNaN(tolerance, unlessNaN(h[at], select(slope * h[at], 0.0, slope == 0.0))));
}
