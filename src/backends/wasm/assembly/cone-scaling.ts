// The scaling of Nesterov and Todd of s and y in the interior of their cones, λ = W⁻ᵀs = Wy (L. Vandenberghe, "The CVXOPT
// linear and quadratic cone program solvers", 2010, sections 4 and 5), and the algebra of the cones. Rows of zero and free
// cones are left alone.
//   x ≥ 0: W = √(s/y).
//   second-order, with J = diag(1, −I), s̄ = s/√(sᵀJs), ȳ = y/√(yᵀJy), γ = √((1 + s̄ᵀȳ)/2), w = (s̄ + Jȳ)/(2γ) and
//   v = (w + e)/√(2(w₀ + 1)): W = β(2vvᵀ − J), β = (sᵀJs/yᵀJy)^¼, and W⁻¹ = (2(Jv)(Jv)ᵀ − J)/β.
//   semidefinite, with S = L₁L₁ᵀ, Y = L₂L₂ᵀ and L₂ᵀL₁ = UΛVᵀ: W⁻ᵀs = R⁻¹SR⁻ᵀ, R⁻¹ = Λ^{−½}UᵀL₂ᵀ, and λ = Λ.
import { ConeType } from '../cone-instructions';
import * as data from './cone-program-data';
import * as state from './cone-program-state';
import { addEntry, at8, entry, setEntry } from './entries';
import { decompose, inMatrix } from './jacobi';
import { COLUMN, panelAt } from './panels';
import {
  choleskyOf,
  congruence,
  congruenceOfPanel,
  dotOf,
  multiply,
  orthogonaliseRows,
  pack,
  transposeTo,
  unpack,
} from './small-matrices';

/** Singular vectors need no more than this, as the iterations correct themselves. */
const ORTHOGONAL: f64 = 1e-11;
/** An eigenvalue that a step may reach is wrong by about the square of this. */
const ROUGH: f64 = 1e-4;

function isScaled(type: i32): bool {
  return type === ConeType.nonneg || type === ConeType.soc || type === ConeType.psd;
}

/** eᵀe of all cones: sᵀy has so many parts. */
export function degree(): i32 {
  let sum = 0;
  for (let block = 0; block < data.blocks; block++) {
    const type = data.typeOf(block);
    if (isScaled(type)) sum += type === ConeType.soc ? 1 : data.dimOf(block);
  }
  return sum;
}

/** Adds factor·e. */
export function addIdentity(vector: usize, factor: f64): void {
  for (let block = 0; block < data.blocks; block++) addIdentityOf(block, vector, factor);
}

function addIdentityOf(block: i32, vector: usize, factor: f64): void {
  const type = data.typeOf(block);
  const dim = data.dimOf(block);
  let r = data.startOf(block);
  if (type === ConeType.soc) addEntry(vector, r, factor);
  else if (type === ConeType.nonneg) for (let i = 0; i < dim; i++) addEntry(vector, r + i, factor);
  else if (type === ConeType.psd) for (let i = 0; i < dim; r += dim - i, i++) addEntry(vector, r, factor);
}

/** ‖(u₁, …)‖ of a second-order cone. */
function tailOf(vector: usize, start: i32, dim: i32): f64 {
  const tail = at8(vector, start + 1);
  return sqrt<f64>(dotOf(tail, tail, dim - 1));
}

/** √(uᵀJu), 0 outside the cone. */
function hyperbolicNorm(vector: usize, start: i32, dim: i32): f64 {
  const tail = tailOf(vector, start, dim);
  const head = entry(vector, start);
  return head > tail ? sqrt<f64>(head - tail) * sqrt<f64>(head + tail) : 0;
}

/** The largest t with u − t·e in the cones, Infinity for none. */
export function margin(vector: usize): f64 {
  let least = Infinity;
  for (let block = 0; block < data.blocks; block++) {
    const type = data.typeOf(block);
    const start = data.startOf(block);
    const dim = data.dimOf(block);
    if (type === ConeType.nonneg) for (let r = start; r < start + dim; r++) least = min(least, entry(vector, r));
    else if (type === ConeType.soc) least = min(least, entry(vector, start) - tailOf(vector, start, dim));
    else if (type === ConeType.psd) {
      const matrix = data.matrixAside(0);
      unpack(at8(vector, start), matrix, dim);
      least = min(least, leastEigenvalue(matrix, dim));
    }
  }
  return least;
}

/** Of a symmetric matrix, which is overwritten. */
function leastEigenvalue(matrix: usize, k: i32): f64 {
  let size: f64 = 0;
  for (let i = 0; i < k * k; i++) size = max(size, abs(entry(matrix, i)));
  if (!(size < Infinity)) return NaN;
  decompose(matrix, 0, k, ROUGH * size);
  let least = Infinity;
  for (let i = 0; i < k; i++) least = min(least, load<f64>(inMatrix(matrix, k, i, i)));
  return least;
}

/** Computes W and λ of s and y. @returns false where one is not in the interior */
export function scale(): bool {
  for (let block = 0; block < data.blocks; block++) {
    const type = data.typeOf(block);
    if (type === ConeType.nonneg && !scaleNonnegative(block)) return false;
    if (type === ConeType.soc && !scaleSecondOrder(block)) return false;
    if (type === ConeType.psd && !scaleSemidefinite(block)) return false;
  }
  return true;
}

function scaleNonnegative(block: i32): bool {
  const start = data.startOf(block);
  for (let r = start; r < start + data.dimOf(block); r++) {
    const s = entry(state.s, r);
    const y = entry(state.y, r);
    if (!(s > 0 && y > 0)) return false;
    setEntry(state.reflector, r, sqrt<f64>(y / s));
    setEntry(state.lambda, r, sqrt<f64>(s) * sqrt<f64>(y));
  }
  return true;
}

/** The reflector becomes Jv, and the number of the first row in `sizes` 1/β. */
function scaleSecondOrder(block: i32): bool {
  const start = data.startOf(block);
  const dim = data.dimOf(block);
  const sizeS = hyperbolicNorm(state.s, start, dim);
  const sizeY = hyperbolicNorm(state.y, start, dim);
  if (!(sizeS > 0 && sizeY > 0)) return false;
  const s0 = entry(state.s, start) / sizeS;
  const y0 = entry(state.y, start) / sizeY;
  const product = dotOf(at8(state.s, start), at8(state.y, start), dim) / sizeS / sizeY;
  const gamma = sqrt<f64>(0.5 * (1 + max(product, 1)));
  const w0 = (s0 + y0) / (2 * gamma);
  const root = sqrt<f64>(2 * (w0 + 1));
  const length = sqrt<f64>(sizeS) * sqrt<f64>(sizeY);
  setEntry(state.reflector, start, (w0 + 1) / root);
  setEntry(state.lambda, start, length * gamma);
  for (let r = start + 1; r < start + dim; r++) {
    const s = entry(state.s, r) / sizeS;
    const y = entry(state.y, r) / sizeY;
    setEntry(state.reflector, r, (y - s) / (2 * gamma * root));
    setEntry(state.lambda, r, (length * ((gamma + y0) * s + (gamma + s0) * y)) / (s0 + y0 + 2 * gamma));
  }
  const inverse = sqrt<f64>(sizeY / sizeS);
  setEntry(state.sizes, start, inverse);
  return inverse > 0 && inverse < Infinity;
}

function scaleSemidefinite(block: i32): bool {
  const start = data.startOf(block);
  const k = data.dimOf(block);
  const L1 = data.matrixAside(0);
  const L2 = data.matrixAside(1);
  const rows = data.matrixAside(2);
  const transposed = data.matrixAside(3);
  unpack(at8(state.s, start), L1, k);
  unpack(at8(state.y, start), L2, k);
  if (!choleskyOf(L1, k) || !choleskyOf(L2, k)) return false;
  // The columns of L₂ᵀL₁ as rows: L₁ᵀL₂.
  transposeTo(L1, transposed, k);
  multiply(transposed, L2, rows, k);
  orthogonaliseRows(rows, k, ORTHOGONAL);
  // Row i is λᵢuᵢᵀ, and that of R⁻¹ is λᵢ^{−3/2}(λᵢuᵢ)ᵀL₂ᵀ.
  transposeTo(L2, transposed, k);
  const inverse = data.matrixOf(block, 0);
  multiply(rows, transposed, inverse, k);
  let r = start;
  for (let i = 0; i < k; i++) {
    const row = inMatrix(rows, k, i, 0);
    const value = sqrt<f64>(dotOf(row, row, k));
    if (!(value > 0 && value < Infinity)) return false;
    const factor = 1 / (value * sqrt<f64>(value));
    for (let j = 0; j < k; j++) {
      const at = inMatrix(inverse, k, i, j);
      store<f64>(at, load<f64>(at) * factor);
    }
    setEntry(state.lambda, r, value);
    for (let j = 1; j < k - i; j++) setEntry(state.lambda, r + j, 0);
    r += k - i;
  }
  transposeTo(inverse, data.matrixOf(block, 1), k);
  return true;
}

/** Ãᵀ = AᵀW⁻¹ in `turned`, with the columns of zero and free cones as they are. */
export function turnMatrix(): void {
  memory.copy(data.turned, data.At, (<usize>(data.N * data.M)) << 3);
  for (let i = 0; i < data.N; i += 4) {
    const panel = panelAt(data.turned, data.M, i);
    for (let block = 0; block < data.blocks; block++) {
      const start = data.startOf(block);
      const at = panel + ((<usize>start) << 5);
      const type = data.typeOf(block);
      if (type === ConeType.nonneg) turnNonnegative(at, start, data.dimOf(block));
      else if (type === ConeType.soc) turnSecondOrder(at, start, data.dimOf(block));
      else if (type === ConeType.psd) {
        const matrix = data.matrixOf(block, 0);
        congruenceOfPanel(matrix, at, at, data.dimOf(block), data.matrixAside(2), data.matrixAside(6));
      }
    }
  }
}

function turnNonnegative(at: usize, start: i32, dim: i32): void {
  for (let r = start; r < start + dim; r++, at += COLUMN) {
    const factor = f64x2.splat(entry(state.reflector, r));
    v128.store(at, f64x2.mul(factor, v128.load(at)));
    v128.store(at, f64x2.mul(factor, v128.load(at, 16)), 16);
  }
}

function turnSecondOrder(at: usize, start: i32, dim: i32): void {
  let low = f64x2.splat(0);
  let high = low;
  for (let i = 0; i < dim; i++) {
    const factor = v128.load64_splat(at8(state.reflector, start + i));
    const from = at + ((<usize>i) << 5);
    low = f64x2.add(low, f64x2.mul(factor, v128.load(from)));
    high = f64x2.add(high, f64x2.mul(factor, v128.load(from, 16)));
  }
  const inverse = v128.load64_splat(at8(state.sizes, start));
  for (let i = 0; i < dim; i++, at += COLUMN) {
    const factor = f64x2.splat(2 * entry(state.reflector, start + i));
    const sign = i === 0 ? f64x2.splat(-1) : f64x2.splat(1);
    const first = f64x2.add(f64x2.mul(factor, low), f64x2.mul(sign, v128.load(at)));
    const second = f64x2.add(f64x2.mul(factor, high), f64x2.mul(sign, v128.load(at, 16)));
    v128.store(at, f64x2.mul(inverse, first));
    v128.store(at, f64x2.mul(inverse, second), 16);
  }
}

/** W⁻ᵀu, of a vector like s, or W⁻¹u, which is like y; both are the same but for semidefinite cones. */
export function unscale(from: usize, to: usize, isDual: bool): void {
  for (let block = 0; block < data.blocks; block++) {
    const type = data.typeOf(block);
    const start = data.startOf(block);
    const dim = data.dimOf(block);
    if (type === ConeType.nonneg) {
      for (let r = start; r < start + dim; r++) setEntry(to, r, entry(from, r) * entry(state.reflector, r));
    } else if (type === ConeType.soc) {
      const share = 2 * dotOf(at8(state.reflector, start), at8(from, start), dim);
      const inverse = entry(state.sizes, start);
      for (let i = 0; i < dim; i++) {
        const value = i === 0 ? -entry(from, start) : entry(from, start + i);
        setEntry(to, start + i, inverse * (share * entry(state.reflector, start + i) + value));
      }
    } else if (type === ConeType.psd) {
      const F = data.matrixOf(block, isDual ? 1 : 0);
      const Ft = data.matrixOf(block, isDual ? 0 : 1);
      const place = at8(to, start);
      congruence(F, Ft, at8(from, start), place, dim, data.matrixAside(0), data.matrixAside(1));
    }
  }
}

/** to = the d with λ ∘ d = factor·e − u ∘ w */
export function divide(u: usize, w: usize, factor: f64, to: usize): void {
  for (let block = 0; block < data.blocks; block++) {
    const type = data.typeOf(block);
    const start = data.startOf(block);
    const dim = data.dimOf(block);
    if (type === ConeType.nonneg) {
      for (let r = start; r < start + dim; r++) {
        setEntry(to, r, (factor - entry(u, r) * entry(w, r)) / entry(state.lambda, r));
      }
    } else if (type === ConeType.soc) divideSecondOrder(u, w, factor, to, start, dim);
    else if (type === ConeType.psd) divideSemidefinite(u, w, factor, to, start, dim);
  }
}

/** x₀ = (λ₀d₀ − λ₁ᵀd₁)/(λᵀJλ), x₁ = (d₁ − x₀λ₁)/λ₀ */
function divideSecondOrder(u: usize, w: usize, factor: f64, to: usize, start: i32, dim: i32): void {
  const head = factor - dotOf(at8(u, start), at8(w, start), dim);
  const u0 = entry(u, start);
  const w0 = entry(w, start);
  const lambda0 = entry(state.lambda, start);
  let first = lambda0 * head;
  for (let r = start + 1; r < start + dim; r++) {
    const value = -(u0 * entry(w, r) + w0 * entry(u, r));
    setEntry(to, r, value);
    first -= entry(state.lambda, r) * value;
  }
  const length = hyperbolicNorm(state.lambda, start, dim);
  first /= length * length;
  for (let r = start + 1; r < start + dim; r++) {
    setEntry(to, r, (entry(to, r) - first * entry(state.lambda, r)) / lambda0);
  }
  setEntry(to, start, first);
}

/** λ is diagonal: entry (i, j) is 2dᵢⱼ/(λᵢ + λⱼ). */
function divideSemidefinite(u: usize, w: usize, factor: f64, to: usize, start: i32, k: i32): void {
  const first = data.matrixAside(0);
  const second = data.matrixAside(1);
  const product = data.matrixAside(2);
  unpack(at8(u, start), first, k);
  unpack(at8(w, start), second, k);
  multiply(first, second, product, k);
  pack(product, at8(to, start), k);
  let r = start;
  let ri = start;
  for (let j = 0; j < k; ri += k - j, j++) {
    let rj = ri;
    for (let i = j; i < k; rj += k - i, i++, r++) {
      const value = (i === j ? factor : 0) - entry(to, r);
      setEntry(to, r, (2 * value) / (entry(state.lambda, ri) + entry(state.lambda, rj)));
    }
  }
}

/** 1/t for the largest t with λ + t·direction in the cones; at most 0 where t is infinite. */
export function inverseStep(direction: usize): f64 {
  let most = -Infinity;
  for (let block = 0; block < data.blocks; block++) {
    const type = data.typeOf(block);
    const start = data.startOf(block);
    const dim = data.dimOf(block);
    if (type === ConeType.nonneg) {
      for (let r = start; r < start + dim; r++) most = max(most, -entry(direction, r) / entry(state.lambda, r));
    } else if (type === ConeType.soc) most = max(most, inverseSecondOrder(direction, start, dim));
    else if (type === ConeType.psd) most = max(most, inverseSemidefinite(direction, start, dim));
  }
  return most;
}

/** The transformation that takes λ to e takes the direction to ρ; 1/t = ‖ρ₁‖ − ρ₀ (section 8.3). */
function inverseSecondOrder(direction: usize, start: i32, dim: i32): f64 {
  const length = hyperbolicNorm(state.lambda, start, dim);
  const lambda0 = entry(state.lambda, start) / length;
  const head = entry(direction, start);
  let rho0 = lambda0 * head;
  for (let r = start + 1; r < start + dim; r++) rho0 -= (entry(state.lambda, r) / length) * entry(direction, r);
  const factor = (rho0 + head) / (lambda0 + 1);
  let tail: f64 = 0;
  for (let r = start + 1; r < start + dim; r++) {
    const value = entry(direction, r) - (factor * entry(state.lambda, r)) / length;
    tail += value * value;
  }
  return (sqrt<f64>(tail) - rho0) / length;
}

/** Minus the least eigenvalue of Λ^{−½}DΛ^{−½} */
function inverseSemidefinite(direction: usize, start: i32, k: i32): f64 {
  const matrix = data.matrixAside(0);
  unpack(at8(direction, start), matrix, k);
  let ri = start;
  for (let i = 0; i < k; ri += k - i, i++) {
    const root = 1 / sqrt<f64>(entry(state.lambda, ri));
    for (let j = 0; j < k; j++) {
      const at = inMatrix(matrix, k, i, j);
      store<f64>(at, load<f64>(at) * root);
      const other = inMatrix(matrix, k, j, i);
      store<f64>(other, load<f64>(other) * root);
    }
  }
  return -leastEigenvalue(matrix, k);
}
