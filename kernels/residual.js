// The fixed-point residual ‖x − σ(y)‖ / (ε + ‖x‖) over the middle index of x and y [outer, middle, inner].
//
//   output  [inner, outer]
// `activation` is bound to σ.

function residual(x, y, middle, inner, a0, a1, epsilon) {
  const o = this.thread.y + this.thread.z * this.output.y;
  let at = o * middle * inner + this.thread.x;
  let sum = 0;
  let size = 0;
  for (let t = 0; t < middle; t++) {
    const difference = x[at] - activation(y[at], a0, a1);
    sum += difference * difference;
    size += x[at] * x[at];
    at += inner;
  }
  return Math.sqrt(sum) / (epsilon + Math.sqrt(size));
}
