// Projections onto the cone of positive semidefinite matrices, and their derivatives. A workgroup treats LANES blocks,
// each with THREADS invocations. Bindings and sizes are those of cones.wgsl; see cone-kernels.ts for the formulas.
//
// The eigenvectors of A are those of the positive definite B = A + cI. One-sided Jacobi rotations make the columns of B
// orthogonal (M. Hestenes 1958): each becomes an eigenvector times its eigenvalue. In each round of a sweep disjoint
// pairs of columns are rotated at once: the last player of a tournament stays in its place, and the others move on by
// one (R. Brent, F. Luk 1985).

override THREADS: u32 = 1u;
override LANES: u32 = 1u;
override WIDTH: u32 = THREADS * LANES;
override ENTRIES: u32 = 4u; // numbers of a matrix, for all lanes
override OTHERS: u32 = 1u; //  likewise for derivatives
override AXES: u32 = 2u; //    numbers of a column, for all lanes

// Columns whose cosine is below this count as orthogonal.
const NEGLIGIBLE = 1e-7;
const SWEEPS = 12u;
const LARGEST = 32u;

var<workgroup> vectors: array<f32, ENTRIES>;
var<workgroup> other: array<f32, OTHERS>;
var<workgroup> values: array<f32, AXES>;

var<private> lane: u32;
var<private> thread: u32;
var<private> isUsed: bool;
// A sum of all numbers of the block, whose result is NaN if one of them is not finite.
var<private> spoiled: f32;

// Entry i of column j.
fn place(i: u32, j: u32) -> u32 {
  return (j * sizes.order + i) * LANES + lane;
}

// The number of the entry (i, j) in the lower triangle column by column.
fn packed(i: u32, j: u32) -> u32 {
  let column = min(i, j);
  return column * sizes.order - (column * (column + 1u)) / 2u + max(i, j);
}

// Entry (i, j) of the matrix whose triangle begins at `at` in x, or in h.
fn entryOfX(at: u32, i: u32, j: u32) -> f32 {
  return x[at + packed(i, j)] * select(0.70710678, 1.0, i == j);
}

fn entryOfH(at: u32, i: u32, j: u32) -> f32 {
  return h[at + packed(i, j)] * select(0.70710678, 1.0, i == j);
}

// B, with c > ‖A‖ so that no eigenvalue of B is near 0.
fn load(at: u32, factor: f32) {
  var squares = 0.0;
  for (var entry = 0u; entry < sizes.size; entry += 1u) {
    let value = x[at + entry] * factor;
    squares += value * value;
  }
  let shift = 1.25 * sqrt(squares) + 0.25;
  for (var j = thread; j < sizes.order; j += THREADS) {
    for (var i = 0u; i < sizes.order; i += 1u) {
      vectors[place(i, j)] = entryOfX(at, i, j) * factor + select(0.0, shift, i == j);
    }
  }
  wait();
}

// Makes two columns orthogonal. Returns whether they were not.
fn turnColumns(p: u32, q: u32) -> bool {
  var squares = vec3<f32>(); // ‖b_p‖², ‖b_q‖² and b_pᵀb_q
  for (var i = 0u; i < sizes.order; i += 1u) {
    let a = vectors[place(i, p)];
    let b = vectors[place(i, q)];
    squares += vec3<f32>(a * a, b * b, a * b);
  }
  if (!(abs(squares.z) > NEGLIGIBLE * sqrt(squares.x) * sqrt(squares.y))) {
    return false;
  }
  let zeta = (squares.y - squares.x) / (2.0 * squares.z);
  let t = select(1.0, -1.0, zeta < 0.0) / (abs(zeta) + sqrt(zeta * zeta + 1.0));
  let c = inverseSqrt(t * t + 1.0);
  let s = t * c;
  for (var i = 0u; i < sizes.order; i += 1u) {
    let a = vectors[place(i, p)];
    let b = vectors[place(i, q)];
    vectors[place(i, p)] = c * a - s * b;
    vectors[place(i, q)] = s * a + c * b;
  }
  return true;
}

fn orthogonalise() {
  let pairs = (sizes.order + 1u) / 2u;
  let others = 2u * pairs - 1u;
  for (var sweep = 0u; sweep < SWEEPS; sweep += 1u) {
    var hasTurned = false;
    for (var round = 0u; round < others; round += 1u) {
      for (var pair = thread; pair < pairs; pair += THREADS) {
        var a = round + pair;
        var b = select(round + others - pair, others, pair == 0u);
        a = select(a, a - others, a >= others);
        b = select(b, b - others, pair > 0u && b >= others);
        if (max(a, b) < sizes.order) { // an odd order has a pair of one
          hasTurned = turnColumns(a, b) || hasTurned;
        }
      }
      wait();
    }
    if (isSettled(hasTurned)) {
      break;
    }
  }
}

// The columns become unit vectors q, and `values` the eigenvalues of A times the factor, as qᵀAq.
fn findValues(at: u32, factor: f32) {
  for (var j = thread; j < sizes.order; j += THREADS) {
    var squares = 0.0;
    for (var i = 0u; i < sizes.order; i += 1u) {
      squares += vectors[place(i, j)] * vectors[place(i, j)];
    }
    let scale = inverseSqrt(squares);
    for (var i = 0u; i < sizes.order; i += 1u) {
      vectors[place(i, j)] *= scale;
    }
    var value = 0.0;
    for (var k = 0u; k < sizes.order; k += 1u) {
      var sum = 0.0;
      for (var i = k + 1u; i < sizes.order; i += 1u) {
        sum += entryOfX(at, i, k) * factor * vectors[place(i, j)];
      }
      let own = vectors[place(k, j)];
      value += own * (2.0 * sum + entryOfX(at, k, k) * factor * own);
    }
    values[j * LANES + lane] = value;
  }
  wait();
}

// Writes an entry of the result to the lower triangle.
fn store(at: u32, i: u32, j: u32, value: f32) {
  if (isUsed) {
    let scaled = select(value * 1.41421356, value, i == j);
    result[at + packed(i, j)] = select(notANumber(spoiled), scaled, isNumber(spoiled));
  }
}

// QΛ⁺Qᵀ
fn writeProjection(at: u32, factor: f32) {
  for (var j = thread; j < sizes.order; j += THREADS) {
    for (var i = j; i < sizes.order; i += 1u) {
      var sum = 0.0;
      for (var l = 0u; l < sizes.order; l += 1u) {
        sum += max(values[l * LANES + lane], 0.0) * vectors[place(i, l)] * vectors[place(j, l)];
      }
      store(at, i, j, sum * factor);
    }
  }
}

// Ω for a pair of eigenvalues.
fn weightOf(a: f32, b: f32, tolerance: f32, q: f32) -> f32 {
  let low = min(a, b);
  let high = max(a, b);
  if (low > tolerance) {
    return 1.0;
  }
  if (high < -tolerance) {
    return 0.0;
  }
  if (low >= -tolerance) {
    return select(q, 1.0, high > tolerance);
  }
  return select(0.0, high / (high - low), high > tolerance);
}

// Q(Ω∘QᵀHQ)Qᵀ
fn writeDerivative(at: u32, tolerance: f32, q: f32) {
  var column: array<f32, LARGEST>;
  for (var j = thread; j < sizes.order; j += THREADS) { // column j of Ω∘QᵀHQ
    for (var i = 0u; i < sizes.order; i += 1u) {
      var sum = 0.0;
      for (var l = 0u; l < sizes.order; l += 1u) {
        sum += entryOfH(at, i, l) * vectors[place(l, j)];
      }
      column[i] = sum;
    }
    for (var i = 0u; i < sizes.order; i += 1u) {
      var sum = 0.0;
      for (var l = 0u; l < sizes.order; l += 1u) {
        sum += vectors[place(l, i)] * column[l];
      }
      other[place(i, j)] = sum * weightOf(values[i * LANES + lane], values[j * LANES + lane], tolerance, q);
    }
  }
  wait();
  for (var j = thread; j < sizes.order; j += THREADS) { // column j of the result
    for (var i = 0u; i < sizes.order; i += 1u) {
      var sum = 0.0;
      for (var l = 0u; l < sizes.order; l += 1u) {
        sum += other[place(i, l)] * vectors[place(j, l)];
      }
      column[i] = sum;
    }
    for (var i = j; i < sizes.order; i += 1u) {
      var sum = 0.0;
      for (var l = 0u; l < sizes.order; l += 1u) {
        sum += vectors[place(i, l)] * column[l];
      }
      store(at, i, j, sum);
    }
  }
}

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(local_invocation_index) index: u32,
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
) {
  if (guard.x == 0u) {
    return;
  }
  lane = index / THREADS;
  thread = index % THREADS;
  let unit = sizes.first + (group.y * groups.x + group.x) * LANES + lane;
  isUsed = unit < sizes.end;
  let block = blockOf(min(unit, sizes.end - 1u)); // no invocation returns before the others
  let size = sizeOf(block.at);
  let exponent = exponentOf(size);
  let factor = powerOfTwo(-exponent);
  spoiled = size;
  load(block.at, factor);
  orthogonalise();
  findValues(block.at, factor);
  if (DERIVATIVE) {
    let tolerance = toleranceOf(block);
    spoiled = size + tolerance + sizeOfDirection(block.at);
    writeDerivative(block.at, tolerance * factor, shareOf(block));
  } else {
    writeProjection(block.at, powerOfTwo(exponent));
  }
}
