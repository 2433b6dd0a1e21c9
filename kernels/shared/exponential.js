// Exponentials and logarithms by polynomials. Their results are right within a few units in the last place everywhere,
// which the built-in functions of WebGL2 are not. Every function is finite for every finite argument.

// 2ⁿ for integers −126 ≤ n ≤ 127.
function powerOfTwo(n) {
  let rest = Math.abs(n);
  let power = 1;
  let factor = 2;
  if (n < 0) {
    factor = 0.5;
  }
  for (let bit = 0; bit < 7; bit++) {
    const half = Math.floor(rest * 0.5);
    if (rest - 2 * half > 0.5) {
      power *= factor;
    }
    factor *= factor;
    rest = half;
  }
  return power;
}

// x − n·ln 2, with ln 2 as a sum of two numbers. The first has so few bits that its product with n is exact.
function reducedExponent(x, n) {
  return x - n * 0.693359375 + n * 2.1219444e-4;
}

// eʳ − 1 for |r| ≤ ln 2 / 2 by the minimax polynomial of Cephes' expf.
function exponentialOfRest(r) {
  let p = 1.98756915e-4;
  p = p * r + 1.3981999507e-3;
  p = p * r + 8.3334519073e-3;
  p = p * r + 4.1665795894e-2;
  p = p * r + 1.6666665459e-1;
  p = p * r + 5.0000001201e-1;
  return p * r * r + r;
}

// eˣ = 2ⁿ·eʳ with n = round(x / ln 2). For a finite x it saturates just below the largest float32 number; it is 0 where
// eˣ would be subnormal.
function exponential(x) {
  if (x < -87.33) {
    return 0;
  }
  if (isFinite32(x) === 0) {
    return x;
  }
  const bounded = Math.min(x, 88.7228);
  const n = Math.floor(bounded * 1.44269504 + 0.5);
  // 2ⁿ is applied as two factors, since 2¹²⁸ is not a float32 number.
  const half = Math.floor(n * 0.5);
  const rest = exponentialOfRest(reducedExponent(bounded, n));
  return (rest + 1) * powerOfTwo(half) * powerOfTwo(n - half);
}

// eˣ − 1 = 2ⁿ(eʳ − 1) + (2ⁿ − 1) for x ≤ 0. Near 0 we have n = 0, so that nothing cancels.
function exponentialMinusOne(x) {
  if (x < -20) {
    return -1;
  }
  const n = Math.floor(x * 1.44269504 + 0.5);
  const power = powerOfTwo(n);
  return power * exponentialOfRest(reducedExponent(x, n)) + (power - 1);
}

// ln(1 + u) for 0 ≤ u ≤ 1: 2·artanh w with w = u / (2 + u) ≤ 1/3, by its series, whose terms are all positive.
function logarithmOnePlus(u) {
  const w = u / (2 + u);
  const s = w * w;
  let p = 0.0666666667;
  p = p * s + 0.0769230769;
  p = p * s + 0.0909090909;
  p = p * s + 0.111111111;
  p = p * s + 0.142857143;
  p = p * s + 0.2;
  p = p * s + 0.333333333;
  return 2 * (p * s * w + w);
}

// ln x. Near 1, where the built-in function has a large relative error, 2(x − 1)/(x + 1) is used, which agrees to third
// order.
function logarithmNearOne(x) {
  if (Math.abs(x - 1) < 0.1) {
    return (2 * (x - 1)) / (x + 1);
  }
  return logarithm(x);
}
