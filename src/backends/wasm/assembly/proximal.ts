// prox_{αf}(x) for the activations whose prox is found by solving an equation; see ELEMENTWISE in kernels.ts.
import { Operation } from '../instructions';
import {
  arctangent,
  arctangentDerivative,
  elu,
  hyperbolicTangent,
  logistic,
  signOf,
  softplusExcess,
  softsign,
} from './functions';

const LN_2: f32 = <f32>Math.LN2;
const HALF_PI: f32 = <f32>(0.5 * Math.PI);
const LIMIT: i32 = 40;
/** For |x| beyond this, each of these functions is saturated or equals x. */
const FAR: f32 = 1e30;

/** The bounded part s of σ(t): δ for softplus, otherwise σ itself. */
function boundedPart(operation: i32, t: v128, a0: v128): v128 {
  switch (operation) {
    case Operation.proximalSigmoid:
      return logistic(t);
    case Operation.proximalSoftplus:
      return softplusExcess(t);
    case Operation.proximalElu:
      return elu(t, a0);
    case Operation.proximalArctan:
      return arctangent(t);
    default:
      return hyperbolicTangent(t);
  }
}

/** σ'(t), where s is the bounded part of σ(t). For elu, t < 0. */
function slopeOf(operation: i32, t: v128, s: v128, a0: v128): v128 {
  switch (operation) {
    case Operation.proximalSigmoid:
      return f32x4.mul(s, f32x4.sub(f32x4.splat(1), s));
    case Operation.proximalSoftplus:
      return logistic(t);
    case Operation.proximalElu:
      return f32x4.add(s, a0);
    case Operation.proximalArctan:
      return arctangentDerivative(t);
    default:
      return f32x4.sub(f32x4.splat(1), f32x4.mul(s, s));
  }
}

/** The bounded part of σ lies between `lowestOf` and `highestOf`, for elu times a₀. */
function lowestOf(operation: i32): f32 {
  if (operation === Operation.proximalSigmoid || operation === Operation.proximalSoftplus) return 0;
  return operation === Operation.proximalArctan ? -HALF_PI : -1;
}

function highestOf(operation: i32): f32 {
  if (operation === Operation.proximalElu) return 0;
  if (operation === Operation.proximalSoftplus) return LN_2;
  return operation === Operation.proximalArctan ? HALF_PI : 1;
}

/**
 * σ(t), where t solves g(t) = (1 − α)σ(t) + αt − x = 0 for σ = tanh, sigmoid, softplus, arctan, or elu where x < 0. g
 * increases with slope ≥ min(1, α), and its zero is bracketed. Newton steps are taken, and a bisection where one would
 * leave the bracket. For softplus and t ≥ 0, (1 − α)·max(t, 0) + αt is computed as t, since the sum would cancel for a
 * large α.
 */
export function smoothProximal(operation: i32, given: v128, alpha: v128, a0: v128): v128 {
  // This keeps the bracket finite, and does not change the result.
  const x = f32x4.min(f32x4.max(given, f32x4.splat(-FAR)), f32x4.splat(FAR));
  const zero = f32x4.splat(0);
  const half = f32x4.splat(0.5);
  const isRamp = operation === Operation.proximalSoftplus;
  const rest = f32x4.sub(f32x4.splat(1), alpha);
  const scale = operation === Operation.proximalElu ? a0 : f32x4.splat(1);
  const p = f32x4.mul(f32x4.mul(rest, scale), f32x4.splat(lowestOf(operation)));
  const q = f32x4.mul(f32x4.mul(rest, scale), f32x4.splat(highestOf(operation)));
  // αt = x − (1 − α)s for some value s of σ; for softplus, (t ≥ 0 ? t : αt) = x − (1 − α)δ.
  let low = f32x4.sub(x, f32x4.max(p, q));
  let high = f32x4.sub(x, f32x4.min(p, q));
  const scaledLow = f32x4.div(low, alpha);
  const scaledHigh = f32x4.div(high, alpha);
  low = isRamp ? v128.bitselect(low, scaledLow, f32x4.ge(low, zero)) : scaledLow;
  high = isRamp ? v128.bitselect(high, scaledHigh, f32x4.ge(high, zero)) : scaledHigh;
  if (operation === Operation.proximalElu) high = f32x4.min(high, zero);

  let t = f32x4.min(f32x4.max(x, low), high);
  let s = boundedPart(operation, t, a0);
  for (let iteration = 0; iteration < LIMIT; iteration++) {
    let linear = f32x4.mul(alpha, t);
    if (isRamp) linear = v128.bitselect(t, linear, f32x4.ge(t, zero));
    const g = f32x4.add(f32x4.mul(rest, s), f32x4.sub(linear, x));
    const isAbove = f32x4.gt(g, zero);
    high = v128.bitselect(t, high, isAbove);
    low = v128.bitselect(low, t, isAbove);
    const slope = f32x4.add(f32x4.mul(rest, slopeOf(operation, t, s, a0)), alpha);
    const newton = f32x4.sub(t, f32x4.div(g, slope));
    const isInside = v128.and(f32x4.gt(newton, low), f32x4.lt(newton, high));
    const middle = f32x4.add(low, f32x4.mul(half, f32x4.sub(high, low)));
    const next = v128.bitselect(newton, middle, isInside);
    if (!v128.any_true(f32x4.ne(next, t))) break;
    t = next;
    s = boundedPart(operation, t, a0);
  }
  if (isRamp) {
    const isFar = v128.and(f32x4.gt(given, f32x4.splat(FAR)), f32x4.eq(alpha, alpha));
    return v128.bitselect(given, f32x4.add(f32x4.max(t, zero), s), isFar);
  }
  return operation === Operation.proximalElu ? v128.bitselect(given, s, f32x4.ge(given, zero)) : s;
}

/**
 * The function is odd in x. For x ≥ 0, σ(t) = t / (1 + t), and t is the positive root of αt² + (1 − x)t − x = 0, which
 * is computed without cancellation. |x| is bounded first: beyond the bound, softsign rounds to ±1, and the squares
 * would overflow.
 */
export function proximalSoftsign(x: v128, alpha: v128): v128 {
  const one = f32x4.splat(1);
  const two = f32x4.splat(2);
  const size = f32x4.min(f32x4.abs(x), f32x4.splat(1e18));
  const rest = f32x4.sub(one, size);
  const product = f32x4.mul(f32x4.mul(f32x4.splat(4), alpha), size);
  const root = f32x4.sqrt(f32x4.add(f32x4.mul(rest, rest), product));
  const near = f32x4.div(f32x4.mul(two, size), f32x4.add(rest, root));
  const far = f32x4.div(f32x4.sub(root, rest), f32x4.mul(two, alpha));
  const t = v128.bitselect(near, far, f32x4.ge(rest, f32x4.splat(0)));
  return f32x4.mul(signOf(x), softsign(t));
}
