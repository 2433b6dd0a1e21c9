/** Chained kinks: the family becomes affine in d when every kinked value is an unknown of its own. */
import type { Interruptible } from '../../backends/event-loop.ts';
import { checkFamily, type MatrixFamily, type Term } from './family.ts';

/**
 * The equation F(z, y) = 0 with y = σ(p(z, y)), where y holds every kinked value on the way from z to F: the partial
 * derivatives of the smooth functions F and p, row-major. A coordinate of p may depend on the coordinates of y before
 * it.
 */
export interface ChainedKinks {
  /** The number of unknowns z. */
  readonly n: number;
  /** The number of kinked values y. */
  readonly kinks: number;
  /** ∂F/∂z, n × n. */
  readonly Fz: ArrayLike<number>;
  /** ∂F/∂y, n × kinks. */
  readonly Fy: ArrayLike<number>;
  /** ∂p/∂z, kinks × n. */
  readonly Pz: ArrayLike<number>;
  /** ∂p/∂y, kinks × kinks, strictly lower triangular. */
  readonly Py: ArrayLike<number>;
  /** The ends of the Clarke intervals of σ at p, [kinks]. */
  readonly low: ArrayLike<number>;
  readonly high: ArrayLike<number>;
}

/**
 * The family of the system in the unknowns (z, y), with σ' = s = low + d·(high − low):
 *
 *   B(d) = [ F_z            F_y           ]
 *          [ −diag(s)·P_z   I − diag(s)·P_y ]
 *
 * Each kink enters affinely and in one row, so that the set {[A B]} of the lifted system is convex, as the theorem
 * asks. In F itself the slopes of chained kinks would multiply one another: relu(relu(z)) has the slope s₁s₂, and the
 * set is not convex.
 *
 * The determinant is that of F by the chain rule. I − diag(s)·P_y is unit lower triangular and has the determinant 1,
 * so that by the Schur complement
 *   det B(d) = det(I − diag(s)P_y) · det(F_z + F_y(I − diag(s)P_y)⁻¹diag(s)P_z) = det(F_z + F_y·∂y/∂z),
 * because y' = diag(s)(P_z z' + P_y y') implies ∂y/∂z = (I − diag(s)P_y)⁻¹diag(s)P_z. All elements of F by the chain
 * rule are therefore invertible exactly where all elements of the lifted system are. They are those of the function as
 * it is written: relu(relu(z)) has s₁s₂ in place of s, and may fail where relu(z), the same function, does not.
 * @throws RangeError where a size does not fit, a number is not finite, P_y is not strictly lower triangular, or low >
 *   high
 */
export function* liftSystem({ n, kinks, Fz, Fy, Pz, Py, low, high }: ChainedKinks): Interruptible<MatrixFamily> {
  const sizes = { Fz: n * n, Fy: n * kinks, Pz: kinks * n, Py: kinks * kinks, low: kinks, high: kinks };
  for (const [name, values] of Object.entries({ Fz, Fy, Pz, Py, low, high })) {
    const size = sizes[name as keyof typeof sizes];
    if (values.length !== size) throw new RangeError(`${name}: it has ${values.length} numbers; it must have ${size}`);
  }
  const size = n + kinks;
  const base = new Float64Array(size * size);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) base[i * size + j] = Fz[i * n + j];
    for (let j = 0; j < kinks; j++) base[i * size + n + j] = Fy[i * kinks + j];
  }
  const terms: Term[] = [];
  for (let kink = 0; kink < kinks; kink++) {
    if (!(low[kink] <= high[kink])) {
      throw new RangeError(`low[${kink}]: it is ${low[kink]}; it must be at most high[${kink}], ${high[kink]}`);
    }
    const row = new Float64Array(size);
    for (let j = 0; j < n; j++) row[j] = Pz[kink * n + j];
    for (let j = 0; j < kinks; j++) {
      const value = Py[kink * kinks + j];
      if (j >= kink && value !== 0) {
        throw new RangeError(`Py[${kink * kinks + j}]: it is ${value}; on and above the diagonal it must be 0`);
      }
      row[n + j] = value;
    }
    const index = n + kink;
    for (let j = 0; j < size; j++) base[index * size + j] = -low[kink] * row[j];
    base[index * size + index] += 1;
    const a = new Float64Array(size);
    a[index] = 1;
    terms.push({ a, b: row.map((value) => (high[kink] - low[kink]) * value) });
    yield;
  }
  const family = { n: size, base, terms };
  checkFamily(family);
  return family;
}
