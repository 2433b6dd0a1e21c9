// The formulas of ELEMENTWISE in kernels.ts. Each has a loop of its own over numbers that lie one after the other.
import { Operation } from '../instructions';
import {
  arctangent,
  arctangentDerivative,
  elu,
  exponential,
  hyperbolicTangent,
  leakyRelu,
  logarithm,
  logistic,
  signOf,
  softplusExcess,
  softsign,
  softThreshold,
  unlessNaN,
} from './functions';
import { isSplatted, quad, storeFirst } from './memory';
import { proximalSoftsign, smoothProximal } from './proximal';

/** The bytes of four numbers. */
export const STEP: usize = 16;

/**
 * Writes operation(x, y, z) for `count` numbers, and nothing beyond them; operands may be read up to the next multiple
 * of four. An operand is the address of that many numbers, or what `splatted` returned where it is one number for all
 * of them; 0 where the operation has no such operand. The result may take the place of an operand that is not splatted.
 * @param parameters p0, p1 and p2 of the operation, as `parametersAt` reads them
 * @param index place of the first number in the whole result, from which dropout draws its random numbers
 */
export function evaluate(
  operation: i32,
  out: usize,
  count: i32,
  parameters: v128,
  x: usize,
  y: usize = 0,
  z: usize = 0,
  index: i32 = 0,
): void {
  const vectors = <usize>(count >> 2);
  const whole = vectors * STEP;
  if (vectors > 0) evaluateVectors(operation, out, out + whole, parameters, x, y, z, index);
  const rest = count & 3;
  if (rest === 0) return;
  const last = quad(3);
  x += vectors * stepOf(x);
  y += vectors * stepOf(y);
  z += vectors * stepOf(z);
  index += (<i32>vectors) << 2;
  evaluateVectors(operation, last, last + STEP, parameters, x, y, z, index);
  storeFirst(out + whole, last, rest);
}

/** Bytes from four numbers of an operand to the next four. */
function stepOf(operand: usize): usize {
  return isSplatted(operand) ? 0 : STEP;
}

/** Fills `out` up to `end`, at least four numbers. */
function evaluateVectors(
  operation: i32,
  out: usize,
  end: usize,
  parameters: v128,
  x: usize,
  y: usize,
  z: usize,
  index: i32,
): void {
  const dx = stepOf(x);
  const dy = stepOf(y);
  const dz = stepOf(z);
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  const a0 = v128.shuffle<f32>(parameters, parameters, 0, 0, 0, 0);
  const a1 = v128.shuffle<f32>(parameters, parameters, 1, 1, 1, 1);
  const a2 = v128.shuffle<f32>(parameters, parameters, 2, 2, 2, 2);
  switch (operation) {
    case Operation.copy:
    case Operation.proximalIdentity:
      for (; out < end; out += STEP, x += dx) v128.store(out, v128.load(x));
      break;
    case Operation.negate:
      for (; out < end; out += STEP, x += dx) v128.store(out, f32x4.neg(v128.load(x)));
      break;
    case Operation.exp:
      for (; out < end; out += STEP, x += dx) v128.store(out, exponential(v128.load(x)));
      break;
    case Operation.log:
      for (; out < end; out += STEP, x += dx) v128.store(out, logarithm(v128.load(x)));
      break;
    case Operation.abs:
      for (; out < end; out += STEP, x += dx) v128.store(out, f32x4.abs(v128.load(x)));
      break;
    case Operation.sign:
      for (; out < end; out += STEP, x += dx) v128.store(out, signOf(v128.load(x)));
      break;
    case Operation.sqrt:
      for (; out < end; out += STEP, x += dx) v128.store(out, f32x4.sqrt(v128.load(x)));
      break;
    case Operation.square:
      for (; out < end; out += STEP, x += dx) v128.store(out, f32x4.mul(v128.load(x), v128.load(x)));
      break;
    case Operation.reciprocal:
      for (; out < end; out += STEP, x += dx) v128.store(out, f32x4.div(one, v128.load(x)));
      break;
    case Operation.relu:
    case Operation.proximalRelu:
      for (; out < end; out += STEP, x += dx) v128.store(out, f32x4.max(v128.load(x), zero));
      break;
    case Operation.tanh:
      for (; out < end; out += STEP, x += dx) v128.store(out, hyperbolicTangent(v128.load(x)));
      break;
    case Operation.sigmoid:
      for (; out < end; out += STEP, x += dx) v128.store(out, logistic(v128.load(x)));
      break;
    case Operation.softThreshold:
      for (; out < end; out += STEP, x += dx) v128.store(out, softThreshold(v128.load(x), a0));
      break;
    case Operation.leakyRelu:
      for (; out < end; out += STEP, x += dx) v128.store(out, leakyRelu(v128.load(x), a0));
      break;
    case Operation.clip:
    case Operation.proximalClip:
      for (; out < end; out += STEP, x += dx) v128.store(out, f32x4.min(f32x4.max(v128.load(x), a0), a1));
      break;
    case Operation.softplus:
      for (; out < end; out += STEP, x += dx) {
        v128.store(out, f32x4.add(f32x4.max(v128.load(x), zero), softplusExcess(v128.load(x))));
      }
      break;
    case Operation.elu:
      for (; out < end; out += STEP, x += dx) v128.store(out, elu(v128.load(x), a0));
      break;
    case Operation.softsign:
      for (; out < end; out += STEP, x += dx) v128.store(out, softsign(v128.load(x)));
      break;
    case Operation.arctan:
      for (; out < end; out += STEP, x += dx) v128.store(out, arctangent(v128.load(x)));
      break;
    case Operation.scale:
      for (; out < end; out += STEP, x += dx) v128.store(out, f32x4.add(f32x4.mul(a0, v128.load(x)), a1));
      break;
    case Operation.add:
      for (; out < end; out += STEP, x += dx, y += dy) v128.store(out, f32x4.add(v128.load(x), v128.load(y)));
      break;
    case Operation.subtract:
      for (; out < end; out += STEP, x += dx, y += dy) v128.store(out, f32x4.sub(v128.load(x), v128.load(y)));
      break;
    case Operation.multiply:
      for (; out < end; out += STEP, x += dx, y += dy) v128.store(out, f32x4.mul(v128.load(x), v128.load(y)));
      break;
    case Operation.divide:
      for (; out < end; out += STEP, x += dx, y += dy) v128.store(out, f32x4.div(v128.load(x), v128.load(y)));
      break;
    case Operation.maximum:
      for (; out < end; out += STEP, x += dx, y += dy) v128.store(out, f32x4.max(v128.load(x), v128.load(y)));
      break;
    case Operation.minimum:
      for (; out < end; out += STEP, x += dx, y += dy) v128.store(out, f32x4.min(v128.load(x), v128.load(y)));
      break;
    case Operation.greater:
      for (; out < end; out += STEP, x += dx, y += dy) {
        v128.store(out, v128.and(f32x4.gt(v128.load(x), v128.load(y)), one));
      }
      break;
    case Operation.reluDerivative:
      for (; out < end; out += STEP, x += dx, y += dy) {
        v128.store(out, atKink(v128.load(x), zero, v128.load(y), zero, one, a0));
      }
      break;
    case Operation.absDerivative:
      for (; out < end; out += STEP, x += dx, y += dy) {
        v128.store(out, atKink(v128.load(x), zero, v128.load(y), f32x4.splat(-1), one, a0));
      }
      break;
    case Operation.softThresholdDerivative:
      for (; out < end; out += STEP, x += dx, y += dy) {
        v128.store(out, atKink(f32x4.abs(v128.load(x)), a1, v128.load(y), zero, one, a0));
      }
      break;
    case Operation.leakyReluDerivative:
      for (; out < end; out += STEP, x += dx, y += dy) {
        v128.store(out, atKink(v128.load(x), zero, v128.load(y), a1, one, a0));
      }
      break;
    case Operation.clipDerivative:
      for (; out < end; out += STEP, x += dx, y += dy) {
        v128.store(out, clipDerivative(v128.load(x), v128.load(y), a1, a2, a0));
      }
      break;
    case Operation.eluDerivative:
      for (; out < end; out += STEP, x += dx, y += dy) {
        v128.store(out, eluDerivative(v128.load(x), v128.load(y), a1, a0));
      }
      break;
    case Operation.tanhDerivative:
      for (; out < end; out += STEP, x += dx) v128.store(out, tanhDerivative(v128.load(x)));
      break;
    case Operation.sigmoidDerivative:
      for (; out < end; out += STEP, x += dx) v128.store(out, sigmoidDerivative(v128.load(x)));
      break;
    case Operation.softsignDerivative:
      for (; out < end; out += STEP, x += dx) {
        const r = f32x4.div(one, f32x4.add(one, f32x4.abs(v128.load(x))));
        v128.store(out, f32x4.mul(r, r));
      }
      break;
    case Operation.arctanDerivative:
      for (; out < end; out += STEP, x += dx) v128.store(out, arctangentDerivative(v128.load(x)));
      break;
    case Operation.proximalSoftThreshold:
      for (; out < end; out += STEP, x += dx, y += dy) {
        v128.store(out, softThreshold(v128.load(x), f32x4.mul(v128.load(y), a0)));
      }
      break;
    case Operation.proximalLeakyRelu:
      for (; out < end; out += STEP, x += dx, y += dy) {
        const divisor = f32x4.add(a0, f32x4.mul(v128.load(y), f32x4.sub(one, a0)));
        v128.store(out, leakyRelu(v128.load(x), f32x4.div(a0, divisor)));
      }
      break;
    case Operation.proximalSoftsign:
      for (; out < end; out += STEP, x += dx, y += dy) {
        v128.store(out, proximalSoftsign(v128.load(x), v128.load(y)));
      }
      break;
    case Operation.proximalTanh:
    case Operation.proximalSigmoid:
    case Operation.proximalSoftplus:
    case Operation.proximalElu:
    case Operation.proximalArctan:
      for (; out < end; out += STEP, x += dx, y += dy) {
        v128.store(out, smoothProximal(operation, v128.load(x), v128.load(y), a0));
      }
      break;
    case Operation.select:
      if (dx === 0) {
        // One choice for all numbers. Where the result takes the place of what is chosen, nothing is left to do.
        const isFirst = load<f32>(x) !== 0;
        const chosen = isFirst ? y : z;
        const step = isFirst ? dy : dz;
        if (chosen !== out)
          for (let from = chosen; out < end; out += STEP, from += step) v128.store(out, v128.load(from));
        break;
      }
      for (; out < end; out += STEP, x += dx, y += dy, z += dz) {
        v128.store(out, v128.bitselect(v128.load(y), v128.load(z), f32x4.ne(v128.load(x), zero)));
      }
      break;
    case Operation.dropout: {
      let indices = i32x4.add(i32x4.splat(index), i32x4(1, 2, 3, 4));
      for (; out < end; out += STEP, x += dx, y += dy, z += dz) {
        const bits = f32x4.convert_i32x4_u(randomBits(indices, v128.load(y), v128.load(z)));
        const kept = v128.load(x);
        v128.store(out, unlessNaN(kept, kept, v128.andnot(f32x4.mul(a1, kept), f32x4.lt(bits, a0))));
        indices = i32x4.add(indices, i32x4.splat(4));
      }
      break;
    }
    default:
      unreachable();
  }
}

/** (1 − q)·low + q·high within the tolerance of the kink; elsewhere the derivative on the side where x lies. */
function atKink(x: v128, kink: v128, tolerance: v128, low: v128, high: v128, q: v128): v128 {
  const between = f32x4.add(f32x4.mul(f32x4.sub(f32x4.splat(1), q), low), f32x4.mul(q, high));
  const isNear = f32x4.le(f32x4.abs(f32x4.sub(x, kink)), tolerance);
  return unlessNaN(x, tolerance, v128.bitselect(between, v128.bitselect(high, low, f32x4.gt(x, kink)), isNear));
}

/** There are kinks at both ends; the Clarke interval of each is [0, 1]. */
function clipDerivative(x: v128, tolerance: v128, low: v128, high: v128, q: v128): v128 {
  const isLow = f32x4.le(f32x4.abs(f32x4.sub(x, low)), tolerance);
  const isHigh = f32x4.le(f32x4.abs(f32x4.sub(x, high)), tolerance);
  const isInside = v128.and(f32x4.gt(x, low), f32x4.lt(x, high));
  const slope = v128.bitselect(q, v128.and(isInside, f32x4.splat(1)), v128.or(isLow, isHigh));
  return unlessNaN(x, tolerance, slope);
}

/** α·eˣ for x < 0 and 1 for x > 0. The Clarke interval of the kink at 0 is [α, 1]. */
function eluDerivative(x: v128, tolerance: v128, alpha: v128, q: v128): v128 {
  const one = f32x4.splat(1);
  const zero = f32x4.splat(0);
  const left = f32x4.mul(alpha, exponential(f32x4.min(x, zero)));
  const between = f32x4.add(f32x4.mul(f32x4.sub(one, q), alpha), q);
  const aside = v128.bitselect(one, left, f32x4.gt(x, zero));
  return unlessNaN(x, tolerance, v128.bitselect(between, aside, f32x4.le(f32x4.abs(x), tolerance)));
}

// The two derivatives below are computed from e^(−2|x|) and e^(−|x|), because 1 − tanh² and 1 − s would cancel.
function tanhDerivative(x: v128): v128 {
  const e = exponential(f32x4.mul(f32x4.splat(-2), f32x4.abs(x)));
  const sum = f32x4.add(e, f32x4.splat(1));
  return f32x4.div(f32x4.mul(f32x4.splat(4), e), f32x4.mul(sum, sum));
}

function sigmoidDerivative(x: v128): v128 {
  const e = exponential(f32x4.neg(f32x4.abs(x)));
  const sum = f32x4.add(e, f32x4.splat(1));
  return f32x4.div(e, f32x4.mul(sum, sum));
}

/**
 * 24 bits of a hash: the finaliser of MurmurHash3 is applied to the index (from 1) with the first half of the seed, and
 * to the result with the second half.
 */
function randomBits(index: v128, seed: v128, otherSeed: v128): v128 {
  const first = i32x4.add(i32x4.mul(index, i32x4.splat(0x9e3779b9)), i32x4.trunc_sat_f32x4_u(seed));
  const other = i32x4.mul(i32x4.trunc_sat_f32x4_u(otherSeed), i32x4.splat(0x85ebca6b));
  return i32x4.shr_u(mixBits(v128.xor(mixBits(first), other)), 8);
}

function mixBits(value: v128): v128 {
  let bits = i32x4.mul(v128.xor(value, i32x4.shr_u(value, 16)), i32x4.splat(0x85ebca6b));
  bits = i32x4.mul(v128.xor(bits, i32x4.shr_u(bits, 13)), i32x4.splat(0xc2b2ae35));
  return v128.xor(bits, i32x4.shr_u(bits, 16));
}
