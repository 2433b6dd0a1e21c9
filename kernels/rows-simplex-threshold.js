// The first part of projectSimplex: for each row the τ at which Σ max(u − τ, 0) is the radius R, with u = x − largest. The
// sum is convex in τ, so that Newton's method rises to τ from −R. With g the distance of the sum from R and s the number
// of terms, a step turns them into g₊ and s₊ with g₊/g + s₊/s ≤ 1: their product falls by a factor of at least 4, and 64
// steps are never needed.
//
//   x        [rows, columns]
//   largest  [rows]: max x
//   output   [rows]

function rowsSimplexThreshold(x, largest, columns, radius) {
  const start = this.thread.x * columns;
  const top = largest[this.thread.x];
  let threshold = -radius;
  for (let trip = 0; trip < 64; trip++) {
    let sum = 0;
    let count = 0;
    for (let i = 0; i < columns; i++) {
      const above = x[start + i] - top - threshold;
      if (above > 0) {
        sum += above;
        count += 1;
      }
    }
    const next = threshold + (sum - radius) / Math.max(count, 1);
    if (!(next > threshold)) {
      break;
    }
    threshold = next;
  }
  return threshold;
}
