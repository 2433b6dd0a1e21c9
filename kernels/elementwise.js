// Element-wise operations on one to three operands. Each operand is read through a layout of its own.
//
//   x, y, z  the operands; each is read at offset + Σ iₐ·strides[a], for x at xAt + i₀·x0 + i₁·x1 + i₂·x2 + i₃·x3
//   output   [i₃, i₀·i₁·i₂]; extent1 to extent3 are the extents of i₁, i₂ and i₃
// `operation` is bound to a function of shared/operations.js.

function elementwise(
  x,
  y,
  z,
  extent1,
  extent2,
  extent3,
  xAt,
  x0,
  x1,
  x2,
  x3,
  yAt,
  y0,
  y1,
  y2,
  y3,
  zAt,
  z0,
  z1,
  z2,
  z3,
  p0,
  p1,
  p2,
) {
  const row = this.thread.y + this.thread.z * this.output.y;
  const i3 = this.thread.x;
  const above = quotient(row, extent2);
  const i2 = row - above * extent2;
  const i0 = quotient(above, extent1);
  const i1 = above - i0 * extent1;
  const first = x[xAt + i0 * x0 + i1 * x1 + i2 * x2 + i3 * x3];
  const second = y[yAt + i0 * y0 + i1 * y1 + i2 * y2 + i3 * y3];
  const third = z[zAt + i0 * z0 + i1 * z1 + i2 * z2 + i3 * z3];
  return operation(first, second, third, p0, p1, p2, row * extent3 + i3);
}
