// Numbers.

// 1, or 0 for NaN and ±Inf.
function isFinite32(x) {
  if (Math.abs(x) <= 3.4028234663852886e38) {
    return 1;
  }
  return 0;
}

function quotientOrZero(x, y) {
  if (y === 0) {
    return 0;
  }
  return x / y;
}

function standardised(x, mean, correction, scale) {
  return (x - mean - correction) * scale;
}
