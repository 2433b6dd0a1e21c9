// Element-wise operations. ELEMENTWISE in src/backends/kernels.ts has the formulas. Each function takes
// (x, y, z, p0, p1, p2, index), where index is the place of the element in the result.

function operationCopy(x, y, z, p0, p1, p2, index) {
  return x;
}

function operationNegate(x, y, z, p0, p1, p2, index) {
  return -x;
}

function operationExp(x, y, z, p0, p1, p2, index) {
  return exponential(x);
}

function operationLog(x, y, z, p0, p1, p2, index) {
  return logarithm(x);
}

function operationAbs(x, y, z, p0, p1, p2, index) {
  return Math.abs(x);
}

function operationSign(x, y, z, p0, p1, p2, index) {
  return unlessNaN(x, Math.sign(x));
}

function operationSqrt(x, y, z, p0, p1, p2, index) {
  return squareRoot(x);
}

function operationSquare(x, y, z, p0, p1, p2, index) {
  return x * x;
}

function operationReciprocal(x, y, z, p0, p1, p2, index) {
  return 1 / x;
}

function operationScale(x, y, z, p0, p1, p2, index) {
  return p0 * x + p1;
}

function operationAdd(x, y, z, p0, p1, p2, index) {
  return x + y;
}

function operationSubtract(x, y, z, p0, p1, p2, index) {
  return x - y;
}

function operationMultiply(x, y, z, p0, p1, p2, index) {
  return x * y;
}

function operationDivide(x, y, z, p0, p1, p2, index) {
  return x / y;
}

function operationMaximum(x, y, z, p0, p1, p2, index) {
  return larger(x, y);
}

function operationMinimum(x, y, z, p0, p1, p2, index) {
  return smaller(x, y);
}

function operationGreater(x, y, z, p0, p1, p2, index) {
  if (x > y) {
    return 1;
  }
  return 0;
}

function operationReluDerivative(x, y, z, p0, p1, p2, index) {
  return atKink(x, 0, y, 0, 1, p0);
}

function operationAbsDerivative(x, y, z, p0, p1, p2, index) {
  return atKink(x, 0, y, -1, 1, p0);
}

function operationSoftThresholdDerivative(x, y, z, p0, p1, p2, index) {
  return atKink(Math.abs(x), p1, y, 0, 1, p0);
}

function operationLeakyReluDerivative(x, y, z, p0, p1, p2, index) {
  return atKink(x, 0, y, p1, 1, p0);
}

// There are kinks at both ends; the Clarke interval of each is [0, 1].
function operationClipDerivative(x, y, z, p0, p1, p2, index) {
  let slope = 0;
  if (x > p1 && x < p2) {
    slope = 1;
  }
  if (Math.abs(x - p1) <= y || Math.abs(x - p2) <= y) {
    slope = p0;
  }
  return unlessNaN(x, unlessNaN(y, slope));
}

// α·eˣ for x < 0 and 1 for x > 0. The Clarke interval of the kink at 0 is [α, 1].
function operationEluDerivative(x, y, z, p0, p1, p2, index) {
  let slope = p1 * exponential(x);
  if (x > 0) {
    slope = 1;
  }
  if (Math.abs(x) <= y) {
    slope = (1 - p0) * p1 + p0;
  }
  return unlessNaN(x, unlessNaN(y, slope));
}

// The two derivatives below are computed from e^(−2|x|) and e^(−|x|), because 1 − tanh² and 1 − s would cancel.
function operationTanhDerivative(x, y, z, p0, p1, p2, index) {
  const e = exponential(-2 * Math.abs(x));
  return (4 * e) / ((1 + e) * (1 + e));
}

function operationSigmoidDerivative(x, y, z, p0, p1, p2, index) {
  const e = exponential(-Math.abs(x));
  return e / ((1 + e) * (1 + e));
}

function operationSoftsignDerivative(x, y, z, p0, p1, p2, index) {
  const r = 1 / (1 + Math.abs(x));
  return r * r;
}

function operationArctanDerivative(x, y, z, p0, p1, p2, index) {
  return arctanSlope(x);
}

function operationActivation(x, y, z, p0, p1, p2, index) {
  return activation(x, p0, p1);
}

function operationProximal(x, y, z, p0, p1, p2, index) {
  return proximal(x, y, p0, p1);
}

function operationSelect(x, y, z, p0, p1, p2, index) {
  if (x !== 0) {
    return y;
  }
  return z;
}

function operationDropout(x, y, z, p0, p1, p2, index) {
  if (randomBits(index, y, z) < p0) {
    return unlessNaN(x, 0);
  }
  return p1 * x;
}

// (1 − q)·low + q·high within the tolerance of the kink; elsewhere the derivative on the side where x lies.
function atKink(x, kink, tolerance, low, high, q) {
  let slope = low;
  if (x > kink) {
    slope = high;
  }
  if (Math.abs(x - kink) <= tolerance) {
    slope = (1 - q) * low + q * high;
  }
  return unlessNaN(x, unlessNaN(tolerance, slope));
}
