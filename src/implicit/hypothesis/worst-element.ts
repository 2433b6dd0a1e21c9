/** The element of a family that is nearest to a singular matrix. */
import { dot, hasCholeskyFactor, multiply } from './dense.ts';
import { element, type MatrixFamily, type Vertex } from './family.ts';
import { singularValues } from './singular-values.ts';
import type { VerifiedInverse } from './verified.ts';

/** A vertex that is nearer by less than this, relatively, is not looked for. */
const RESOLUTION = 1e-9;

/**
 * The vertex with the smallest σ_min(B(d)): the least over the whole box, where B is invertible on it. For along one
 * kink B⁻¹ is affine in t/(1 − t·bᵀB⁻¹a), which is monotone in t, and ‖·‖ is convex: ‖B⁻¹‖ is largest at an end.
 *
 * All 2ᵏ vertices are visited, each inverse from another by one rank-one update (Sherman & Morrison). A vertex X = B⁻¹ is
 * nearer than the nearest so far, σ, only where σ⁻²·I − XᵀX has no Cholesky factor; only there is the singular value
 * computed. That is about 2ᵏ·(n³/6 + 5n²) multiplications.
 */
export function worstElement(family: MatrixFamily, base: VerifiedInverse): Vertex {
  const { n, terms } = family;
  const k = terms.length;
  const vertex = new Uint8Array(k);
  let worst = { vertex: vertex.slice(), smallest: singularValues(element(family, vertex), n).smallest };
  // One pair of matrices for each kink that can be at its upper end.
  const inverses = Array.from({ length: k }, () => new Float64Array(n * n));
  const grams = Array.from({ length: k }, () => new Float64Array(n * n));

  function visit(kink: number, X: Float64Array, gram: Float64Array): void {
    if (kink === k) return;
    visit(kink + 1, X, gram);
    update(terms[kink].a, terms[kink].b, X, gram, inverses[kink], grams[kink]);
    vertex[kink] = 1;
    if (mayBeNearer(grams[kink], n, worst.smallest)) {
      const { smallest } = singularValues(element(family, vertex), n);
      if (smallest < worst.smallest) worst = { vertex: vertex.slice(), smallest };
    }
    visit(kink + 1, inverses[kink], grams[kink]);
    vertex[kink] = 0;
  }

  visit(0, base.inverse, gramMatrix(base.inverse, n));
  return worst.vertex;
}

/** XᵀX */
function gramMatrix(X: Float64Array, n: number): Float64Array {
  const gram = new Float64Array(n * n);
  for (let l = 0; l < n; l++) {
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) gram[i * n + j] += X[l * n + i] * X[l * n + j];
    }
  }
  return gram;
}

/**
 * (B − abᵀ)⁻¹ = X + pqᵀ with p = Xa/(1 − bᵀXa) and q = Xᵀb, and its Gram matrix
 * XᵀX + (Xᵀp)qᵀ + q(Xᵀp)ᵀ + pᵀp·qqᵀ = XᵀX + wqᵀ + qwᵀ with w = Xᵀp + ½·pᵀp·q.
 */
function update(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  X: Float64Array,
  gram: Float64Array,
  inverse: Float64Array,
  nextGram: Float64Array,
): void {
  const n = a.length;
  const p = multiply(X, a);
  const divisor = 1 - dot(b, p);
  for (let i = 0; i < n; i++) p[i] /= divisor;
  const q = new Float64Array(n);
  const w = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      q[j] += b[i] * X[i * n + j];
      w[j] += p[i] * X[i * n + j];
    }
  }
  const half = 0.5 * dot(p, p);
  for (let i = 0; i < n; i++) w[i] += half * q[i];
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      inverse[i * n + j] = X[i * n + j] + p[i] * q[j];
      nextGram[i * n + j] = gram[i * n + j] + w[i] * q[j] + q[i] * w[j];
    }
  }
}

/** Whether ‖X‖ may exceed 1/smallest: first by the row sums of XᵀX, which bound ‖X‖² and cost little. */
function mayBeNearer(gram: Float64Array, n: number, smallest: number): boolean {
  const threshold = (1 + RESOLUTION) / smallest ** 2;
  let bound = 0;
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += Math.abs(gram[i * n + j]);
    bound = Math.max(bound, sum);
  }
  if (bound <= threshold) return false;
  const difference = gram.map((value) => -value);
  for (let i = 0; i < n; i++) difference[i * n + i] += threshold;
  return !hasCholeskyFactor(difference, n);
}
