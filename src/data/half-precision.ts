/**
 * Numbers of 16 bits, converted bit by bit: binary16 of IEEE 754 and bfloat16, the upper half of a binary32. JavaScript
 * keeps neither of them in the versions that the library supports, and a conversion through numbers could change NaNs.
 */

/** The float32 with the same value, as bits. NaN keeps its sign and payload. */
export function float32FromFloat16(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >>> 10) & 31;
  const fraction = half & 0x3ff;
  if (exponent === 31) return sign | 0x7f800000 | (fraction << 13);
  if (exponent > 0) return sign | ((exponent + 112) << 23) | (fraction << 13);
  if (fraction === 0) return sign;
  // fraction · 2⁻²⁴ is a normal number in float32: its leading bit moves to place 10 and is then implied.
  const shift = Math.clz32(fraction) - 21;
  return sign | ((113 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13);
}

/** The nearest float16, as bits; ties go to the even one, and what is too large becomes an infinity. */
export function float16FromFloat32(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7c00 | keepNaN((magnitude >>> 13) & 0x3ff, 1);
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // from 65520, halfway to the next power of two
  if (magnitude >= 0x38800000) return sign | roundedShift(magnitude - 0x38000000, 13); // from 2⁻¹⁴: normal
  const exponent = magnitude >>> 23;
  if (exponent < 102) return sign; // below 2⁻²⁵, half of the least number
  return sign | roundedShift((magnitude & 0x7fffff) | 0x800000, 126 - exponent);
}

/** The float32 with the same value, as bits. */
export function float32FromBfloat16(half: number): number {
  return half << 16;
}

/** The nearest bfloat16, as bits; ties go to the even one. */
export function bfloat16FromFloat32(bits: number): number {
  const magnitude = bits & 0x7fffffff;
  const sign = (bits >>> 16) & 0x8000;
  if (magnitude > 0x7f800000) return sign | 0x7f80 | keepNaN((magnitude >>> 16) & 0x7f, 0x40);
  return sign | roundedShift(magnitude, 16);
}

/** A NaN whose payload lies in the bits that are cut off would become an infinity; NumPy and PyTorch do the same. */
function keepNaN(payload: number, instead: number): number {
  return payload === 0 ? instead : payload;
}

/** value / 2ᵏ, rounded to the nearest integer and to an even one where two are equally near. */
function roundedShift(value: number, k: number): number {
  const whole = value >>> k;
  const rest = value - whole * 2 ** k;
  const half = 2 ** (k - 1);
  return rest > half || (rest === half && whole % 2 === 1) ? whole + 1 : whole;
}
