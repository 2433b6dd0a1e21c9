/** The element of a family that is nearest to singular. */
import type { Interruptible } from '../../backends/event-loop.ts';
import { dot, hasCholeskyFactor, multiply, WIDE } from '../../solvers/matrices.ts';
import { evaluateElement, type MatrixFamily, type Vertex } from './family.ts';
import { findSingularValues } from './singular-values.ts';
import type { VerifiedInverse } from './verified.ts';

/** A vertex whose σ_min is smaller by less than this share is not looked for. */
const RESOLUTION = 1e-9;

/**
 * The vertex with the smallest σ_min(B(d)), which is the smallest over the whole box where B is invertible on it: along
 * one kink, B⁻¹ is affine in t/(1 − t·bᵀB⁻¹a), which is monotone in t, and the norm is convex, so that ‖B⁻¹‖ is largest
 * at an end.
 *
 * All 2ᵏ vertices are visited; each inverse follows from another by one rank-one update (Sherman & Morrison). With X =
 * B⁻¹, σ_min is below the smallest so far, σ, only where σ⁻²·I − XᵀX has no Cholesky factor, and only there is it
 * computed. This takes about 2ᵏ·(n³/6 + 4n²) multiplications.
 */
export function* findWorstElement(family: MatrixFamily, base: VerifiedInverse): Interruptible<Vertex> {
  const { n } = family;
  const terms = family.terms.map(({ a, b }) => ({ a: Float64Array.from(a), b: Float64Array.from(b) }));
  const k = terms.length;
  function* smallestAt(d: Vertex): Interruptible<number> {
    return (yield* findSingularValues(evaluateElement(family, d), n)).smallest;
  }
  let worst = yield* descend(k, smallestAt);
  const vertex = new Uint8Array(k);
  // One inverse and Gram matrix for each kink that can be at its upper end.
  const states = terms.map(() => ({ X: new Float64Array(n * n), gram: new Float64Array(n * n) }));
  const scratch = new Float64Array(n * n);

  function* visit(kink: number, state: State): Interruptible<void> {
    if (kink === k) return;
    yield* visit(kink + 1, state);
    const next = states[kink];
    updateInverse(terms[kink].a, terms[kink].b, state, next);
    vertex[kink] = 1;
    if (yield* mayBeNearer(next.gram, n, worst.smallest, scratch)) {
      const smallest = yield* smallestAt(vertex);
      if (smallest < worst.smallest) worst = { vertex: vertex.slice(), smallest };
    }
    yield;
    yield* visit(kink + 1, next);
    vertex[kink] = 0;
  }

  yield* visit(0, { X: base.inverse, gram: yield* multiplyGram(base.inverse, n) });
  return worst.vertex;
}

/**
 * A first guess, which spares most singular values later: flips kinks in turn for as long as one makes σ_min smaller.
 */
function* descend(
  k: number,
  smallestAt: (d: Vertex) => Interruptible<number>,
): Interruptible<{ vertex: Vertex; smallest: number }> {
  const vertex = new Uint8Array(k);
  let smallest = yield* smallestAt(vertex);
  for (let kink = 0, since = 0; since < k; kink = (kink + 1) % k, since++) {
    vertex[kink] = 1 - vertex[kink];
    const value = yield* smallestAt(vertex);
    if (value < smallest) {
      smallest = value;
      since = 0;
    } else {
      vertex[kink] = 1 - vertex[kink];
    }
  }
  return { vertex, smallest };
}

/** The inverse at a vertex. */
interface State {
  /** B⁻¹ */
  readonly X: Float64Array;
  /** The lower triangle of XᵀX. */
  readonly gram: Float64Array;
}

function* multiplyGram(X: Float64Array, n: number): Interruptible<Float64Array> {
  const gram = new Float64Array(n * n);
  for (let l = 0; l < n; l++) {
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) gram[i * n + j] += X[l * n + i] * X[l * n + j];
    }
    if (n >= WIDE) yield;
  }
  return gram;
}

/**
 * (B − abᵀ)⁻¹ = X + pqᵀ with p = Xa/(1 − bᵀXa) and q = Xᵀb, and its Gram matrix
 * XᵀX + (Xᵀp)qᵀ + q(Xᵀp)ᵀ + pᵀp·qqᵀ = XᵀX + wqᵀ + qwᵀ with w = Xᵀp + ½·pᵀp·q.
 */
function updateInverse(a: Float64Array, b: Float64Array, { X, gram }: State, next: State): void {
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
    for (let j = 0; j < n; j++) next.X[i * n + j] = X[i * n + j] + p[i] * q[j];
    for (let j = 0; j <= i; j++) next.gram[i * n + j] = gram[i * n + j] + w[i] * q[j] + q[i] * w[j];
  }
}

/** Whether ‖X‖ may exceed 1/smallest. The Frobenius norm of XᵀX, which bounds ‖X‖² and costs little, is tried first. */
function* mayBeNearer(gram: Float64Array, n: number, smallest: number, scratch: Float64Array): Interruptible<boolean> {
  const threshold = (1 + RESOLUTION) / smallest ** 2;
  let squares = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) squares += 2 * gram[i * n + j] ** 2;
    squares += gram[i * n + i] ** 2;
  }
  if (Math.sqrt(squares) <= threshold) return false;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) scratch[i * n + j] = -gram[i * n + j];
    scratch[i * n + i] = threshold - gram[i * n + i];
  }
  return !(yield* hasCholeskyFactor(scratch, n));
}
