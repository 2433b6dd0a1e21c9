// GLSL versions of functions in the JavaScript files beside this one, for WebGL2. They work on bit patterns, which are
// exact: a compiler for WebGL2 may assume that NaN and Inf do not occur, and the integers of JavaScript have no
// counterpart there.

float isFinite32(float x) {
  return (floatBitsToUint(x) & 0x7f800000u) == 0x7f800000u ? 0.0 : 1.0;
}

float isNaN32(float x) {
  return (floatBitsToUint(x) & 0x7fffffffu) > 0x7f800000u ? 1.0 : 0.0;
}

float notANumber(float x) {
  return uintBitsToFloat(floatBitsToUint(x) | 0x7fc00000u);
}

float squareRoot(float x) {
  uint bits = floatBitsToUint(x);
  if ((bits & 0x7f800000u) == 0x7f800000u || x < 0.0) {
    return bits == 0x7f800000u ? x : uintBitsToFloat(bits | 0x7fc00000u);
  }
  return sqrt(x);
}

float logarithm(float x) {
  uint bits = floatBitsToUint(x);
  if ((bits & 0x7f800000u) == 0x7f800000u || x < 0.0) {
    return bits == 0x7f800000u ? x : uintBitsToFloat(bits | 0x7fc00000u);
  }
  return x < 1.17549435e-38 ? uintBitsToFloat(0xff800000u | (bits & 0x80000000u)) : log(x);
}

float powerOfTwo(float n) {
  return uintBitsToFloat(uint(int(n) + 127) << 23u);
}

float randomBits(int index, float seed, float otherSeed) {
  uint word = uint(index + 1) * 0x9e3779b9u + uint(seed);
  word = (word ^ (word >> 16u)) * 0x85ebca6bu;
  word = (word ^ (word >> 13u)) * 0xc2b2ae35u;
  word = (word ^ (word >> 16u)) ^ (uint(otherSeed) * 0x85ebca6bu);
  word = (word ^ (word >> 16u)) * 0x85ebca6bu;
  word = (word ^ (word >> 13u)) * 0xc2b2ae35u;
  return float((word ^ (word >> 16u)) >> 8u);
}
