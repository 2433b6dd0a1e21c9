// The first part of prox_{αf} for softmax = prox_f: the ω of each row at which Σ e^wᵢ = 1. The result is s = softmax(t)
// with (1 − α)s + αt = x. Write wᵢ = ln sᵢ. Then tᵢ = wᵢ + κ for some κ, and the equation separates: h(wᵢ) = αwᵢ + (1 −
// α)(e^wᵢ − 1) is xᵢ up to a number common to all i, so that h(wᵢ) = h(ω) − (largest − xᵢ), where ω is the w of the
// largest entry. h increases on w ≤ 0, and so does Σ e^wᵢ with ω. The ω in [−ln n, 0] at which Σ e^wᵢ = 1 is found by
// Newton steps on ln Σ, and by a bisection where a step leaves the bracket.
//
//   x              [rows, columns]
//   largest, total [rows]: max x and Σ e^(xᵢ − max x)
//   alpha          [1]
//   output         [rows]

function rowsProximalPeak(x, largest, total, alpha, columns) {
  const start = this.thread.x * columns;
  const top = largest[this.thread.x];
  const a = alpha[0];
  const rest = 1 - a;
  const enough = 2.4e-7 * (1 + Math.sqrt(columns));
  let low = -Math.log(columns);
  let high = 0;
  let peak = smaller(larger(-logarithm(total[this.thread.x]), low), high);
  for (let trip = 0; trip < 30; trip++) {
    const level = a * peak + rest * exponentialMinusOne(peak);
    let sum = 0;
    let weights = 0;
    for (let i = 0; i < columns; i++) {
      const difference = x[start + i] - top;
      const s = exponential(logarithmOfEntry(peak + difference, level + difference, a));
      sum += s;
      weights += s / (a + rest * s);
    }
    if (Math.abs(sum - 1) <= enough || isNaN32(sum) === 1) {
      break;
    }
    if (sum > 1) {
      high = peak;
    } else {
      low = peak;
    }
    // d ln Σ / dω = h'(ω)·Σ (sᵢ / h'(wᵢ)) / Σ sᵢ
    let next = peak - (logarithmNearOne(sum) * sum) / ((a + rest * exponential(peak)) * weights);
    if (!(next > low && next < high)) {
      next = low + 0.5 * (high - low);
    }
    if (next === peak) {
      break;
    }
    peak = next;
  }
  return peak;
}
