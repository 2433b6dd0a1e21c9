// Prepended to the forms of the product that add up products of vectors.

// Row i is the vector x[i]·y.
fn outer(x: vec4<f32>, y: vec4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(x.x * y, x.y * y, x.z * y, x.w * y);
}
