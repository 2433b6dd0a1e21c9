// Numbers of operands and results: float32, or float64 in the form of program-kernels.ts.

const KEPT: i64 = ~0x7ff0000040000000;
const EXPONENT: i64 = 0x3ff0000000000000;
const BIT_30: i64 = 1 << 30;
/** Adds 512 to an exponent. */
const RAISED: i64 = 512 << 52;
/** 2⁻⁵¹⁰; smaller numbers are 0. */
const SMALLEST: f64 = 2.983336292480083e-154;
const LARGEST: f64 = 4.189903912450352e152;

/** Copies `count` numbers, from the number `start` of an operand on, to float64. Two more may be written. */
export function readNumbers(to: usize, from: usize, start: i32, count: i32, isWide: bool): void {
  const end = to + ((<usize>count) << 3);
  if (!isWide) {
    from += (<usize>start) << 2;
    for (; to + 16 <= end; to += 16, from += 8) v128.store(to, f64x2.promote_low_f32x4(v128.load64_zero(from)));
    if (to < end) store<f64>(to, <f64>load<f32>(from));
    return;
  }
  from += (<usize>start) << 3;
  for (; to + 16 <= end; to += 16, from += 16) v128.store(to, widened(v128.load(from)));
  if (to < end) store<f64>(to, f64x2.extract_lane(widened(v128.load64_zero(from)), 0));
}

function widened(words: v128): v128 {
  const raised = i64x2.add(v128.and(i64x2.shr_u(words, 1), i64x2.splat(EXPONENT)), i64x2.splat(RAISED));
  const low = v128.and(i64x2.shr_u(words, 22), i64x2.splat(BIT_30));
  const value = v128.or(v128.or(v128.and(words, i64x2.splat(KEPT)), raised), low);
  return v128.and(value, f64x2.ge(f64x2.abs(value), f64x2.splat(SMALLEST)));
}

/** Stores a number in the float64 form. */
export function storeWide(to: usize, value: f64): void {
  const size = abs(value);
  if (!(size >= SMALLEST)) value = 0;
  else if (!(size < LARGEST)) value = copysign(LARGEST, value);
  const bits = reinterpret<i64>(value);
  const exponent = (bits >> 52) & 0x7ff;
  const moved = exponent === 0 ? 0 : ((exponent - 512) << 53) | (((bits >> 30) & 1) << 52);
  store<i64>(to, (bits & KEPT) | moved);
}
