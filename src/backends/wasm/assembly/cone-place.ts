// Where a projection onto a cone is differentiated, and the three numbers of a block of an exponential or power cone.

/** The tolerance within which v is at a kink, in the units of the scaled v. */
export let tolerance: f64 = 0;
/** q */
export let share: f64 = 0;

export function setPlace(distance: f64, q: f64): void {
  tolerance = distance;
  share = q;
}

/** 1 for v > 0, 0 for v < 0, q within the tolerance of 0. */
export function step(v: f64): f64 {
  return v > tolerance ? 1 : v < -tolerance ? 0 : share;
}

/** A result of three numbers. */
export let r0: f64 = 0;
export let r1: f64 = 0;
export let r2: f64 = 0;

export function setResult(a: f64, b: f64, c: f64): void {
  r0 = a;
  r1 = b;
  r2 = c;
}

/** The unit normal n̂ of the boundary, and the unit vector p̂ along a ray of it. */
export let n0: f64 = 0;
export let n1: f64 = 0;
export let n2: f64 = 0;
export let p0: f64 = 0;
export let p1: f64 = 0;
export let p2: f64 = 0;

export function setNormal(a: f64, b: f64, c: f64): void {
  const size = max(abs(a), max(abs(b), abs(c)));
  a /= size;
  b /= size;
  c /= size;
  const length = sqrt<f64>(a * a + b * b + c * c);
  n0 = a / length;
  n1 = b / length;
  n2 = c / length;
}

export function setRay(a: f64, b: f64, c: f64): void {
  const size = max(abs(a), max(abs(b), abs(c)));
  a /= size;
  b /= size;
  c /= size;
  const length = sqrt<f64>(a * a + b * b + c * c);
  p0 = a / length;
  p1 = b / length;
  p2 = c / length;
}

/** (I − (1 − q)·n̂n̂ᵀ)h: v is on the boundary of K. */
export function applyOnCone(h0: f64, h1: f64, h2: f64): void {
  const along = (share - 1) * (n0 * h0 + n1 * h1 + n2 * h2);
  setResult(h0 + along * n0, h1 + along * n1, h2 + along * n2);
}

/** q·p̂p̂ᵀh: v is on the boundary of −K*. */
export function applyOnPolar(h0: f64, h1: f64, h2: f64): void {
  const along = share * (p0 * h0 + p1 * h1 + p2 * h2);
  setResult(along * p0, along * p1, along * p2);
}

/** ŵ = p̂ × n̂ */
export let w0: f64 = 0;
export let w1: f64 = 0;

let w2: f64 = 0;

export function crossRayAndNormal(): void {
  w0 = p1 * n2 - p2 * n1;
  w1 = p2 * n0 - p0 * n2;
  w2 = p0 * n1 - p1 * n0;
}

/** (p̂p̂ᵀ + κŵŵᵀ)h */
export function applyOutside(kappa: f64, h0: f64, h1: f64, h2: f64): void {
  const along = p0 * h0 + p1 * h1 + p2 * h2;
  const across = kappa * (w0 * h0 + w1 * h1 + w2 * h2);
  setResult(along * p0 + across * w0, along * p1 + across * w1, along * p2 + across * w2);
}
