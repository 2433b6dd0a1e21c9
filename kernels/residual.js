// The fixed-point residual ‖x − σ(y)‖ / (ε + ‖x‖) over the middle index of x and y [outer, middle, inner]. Where a
// square may have overflowed or underflowed, the numbers are multiplied by a power of two and summed again.
//
//   output  [inner, outer]
// `activation` is bound to σ.

function residual(x, y, middle, inner, a0, a1, epsilon) {
  const o = this.thread.y + this.thread.z * this.output.y;
  let scale = 1;
  let sizeScale = 1;
  let sum = 0;
  let size = 0;
  for (let trip = 0; trip < 2; trip++) {
    let at = o * middle * inner + this.thread.x;
    sum = 0;
    size = 0;
    for (let t = 0; t < middle; t++) {
      sum += square(scale * (x[at] - activation(y[at], a0, a1)));
      size += square(sizeScale * x[at]);
      at += inner;
    }
    if (trip === 1 || (scaleFor(sum) === 1 && scaleFor(size) === 1)) {
      break;
    }
    scale = scaleFor(sum);
    sizeScale = scaleFor(size);
  }
  return ((Math.sqrt(sum) / (epsilon * sizeScale + Math.sqrt(size))) * sizeScale) / scale;
}
