// Eigenvalues and eigenvectors of small symmetric matrices in float64, by Jacobi rotations. A k × k matrix lies row by
// row in one piece.

/** Sweeps of rotations; fewer than 15 are ever needed. */
const SWEEPS: i32 = 30;

/**
 * A = QᵀΛQ by cyclic Jacobi rotations; Λ is left on the diagonal of A, and the eigenvectors in the rows of Q.
 * @param Q 0 where the eigenvectors are not wanted
 * @param negligible entries off the diagonal up to this size count as 0
 */
export function decompose(A: usize, Q: usize, k: i32, negligible: f64): void {
  if (Q !== 0) {
    memory.fill(Q, 0, (<usize>(k * k)) << 3);
    for (let i = 0; i < k; i++) store<f64>(inMatrix(Q, k, i, i), 1);
  }
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let isDone = true;
    for (let p = 0; p < k; p++) {
      for (let q = p + 1; q < k; q++) {
        if (abs(load<f64>(inMatrix(A, k, p, q))) <= negligible) continue;
        rotate(A, Q, k, p, q);
        isDone = false;
      }
    }
    if (isDone) return;
  }
}

export function inMatrix(matrix: usize, k: i32, i: i32, j: i32): usize {
  return matrix + ((<usize>(i * k + j)) << 3);
}

/** The rotation of the axes p and q after which A_pq is 0. */
function rotate(A: usize, Q: usize, k: i32, p: i32, q: i32): void {
  const off = load<f64>(inMatrix(A, k, p, q));
  const first = load<f64>(inMatrix(A, k, p, p));
  const second = load<f64>(inMatrix(A, k, q, q));
  const theta = (second - first) / (2 * off);
  const t = (theta < 0 ? -1 : 1) / (abs(theta) + sqrt<f64>(theta * theta + 1));
  const c = 1 / sqrt<f64>(t * t + 1);
  const s = t * c;
  turn(inMatrix(A, k, p, 0), inMatrix(A, k, q, 0), k, c, s);
  // A is symmetric: its columns are its rows.
  for (let i = 0; i < k; i++) {
    store<f64>(inMatrix(A, k, i, p), load<f64>(inMatrix(A, k, p, i)));
    store<f64>(inMatrix(A, k, i, q), load<f64>(inMatrix(A, k, q, i)));
  }
  store<f64>(inMatrix(A, k, p, p), first - t * off);
  store<f64>(inMatrix(A, k, q, q), second + t * off);
  store<f64>(inMatrix(A, k, p, q), 0);
  store<f64>(inMatrix(A, k, q, p), 0);
  if (Q !== 0) turn(inMatrix(Q, k, p, 0), inMatrix(Q, k, q, 0), k, c, s);
}

/** (a, b) becomes (ca − sb, sa + cb) for k pairs of numbers. */
export function turn(first: usize, second: usize, k: i32, c: f64, s: f64): void {
  const end = first + ((<usize>k) << 3);
  const cs = f64x2.splat(c);
  const ss = f64x2.splat(s);
  for (; first + 16 <= end; first += 16, second += 16) {
    const a = v128.load(first);
    const b = v128.load(second);
    v128.store(first, f64x2.sub(f64x2.mul(cs, a), f64x2.mul(ss, b)));
    v128.store(second, f64x2.add(f64x2.mul(ss, a), f64x2.mul(cs, b)));
  }
  if (first < end) {
    const a = load<f64>(first);
    const b = load<f64>(second);
    store<f64>(first, c * a - s * b);
    store<f64>(second, s * a + c * b);
  }
}
