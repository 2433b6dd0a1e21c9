// Cones whose numbers depend on one another. Goes after cones.wgsl.

fn fill(at: u32, value: f32) {
  for (var i = 0u; i < sizes.size; i += 1u) {
    result[at + i] = value;
  }
}

// The largest size of the numbers of a block of x; NaN if one of them is.
fn sizeOf(at: u32) -> f32 {
  var size = 0.0;
  for (var i = 0u; i < sizes.size; i += 1u) {
    size = larger(size, abs(x[at + i]));
  }
  return size;
}

fn sizeOfDirection(at: u32) -> f32 {
  var size = 0.0;
  for (var i = 0u; i < sizes.size; i += 1u) {
    size = larger(size, abs(h[at + i]));
  }
  return size;
}
