// Newton's method on the residual map of a cone program: (Px + c + Aᵀy, Ax + s − b) at y = Π(v), s = (y − v)/ρ as a
// function of (x, v). It ends at rounding where the element J of the derivative of Π that it takes makes the map
// invertible, as it does at a solution that is unique and strictly complementary.
import { beat } from './clock';
import { chooseRatios, project, turn, turnMatrix } from './cone-eigenrows';
import * as data from './cone-program-data';
import * as state from './cone-program-state';
import { addRow, beginSystem, factoriseSystem, solveSystem } from './cone-system';
import { addEntry, entry, largest, setEntry } from './entries';
import { addProduct } from './panels';

const STEPS: i32 = 8;
/** A step must bring the residual to this share. */
const PROGRESS: f64 = 0.5;
/** At this residual, relative to the sizes of the terms, no step is needed, and at this one rounding may end them. */
const EXACT: f64 = 1e-14;
const ENOUGH: f64 = 1e-12;
/** Scaled numbers above this are a sign that there is no solution, but points far out that nearly are one. */
const LARGEST: f64 = 1e8;
/** What is added to the diagonals of a system, relative to their entries. */
const SHIFT: f64 = 1e-14;

/** The number of steps of the last attempt. */
export let steps: i32 = 0;

/** Improves x, y and s to rounding. @returns whether that was possible; otherwise they are as before */
export function polish(at: usize): bool {
  memory.copy(state.keptX, state.x, (<usize>data.N) << 3);
  memory.copy(state.keptY, state.y, (<usize>data.M) << 3);
  memory.copy(state.keptS, state.s, (<usize>data.M) << 3);
  chooseRatios();
  if (iterate()) {
    state.measure(at);
    if (state.merit <= 1 && sizeOfPoint() <= LARGEST) return true;
  }
  memory.copy(state.x, state.keptX, (<usize>data.N) << 3);
  memory.copy(state.y, state.keptY, (<usize>data.M) << 3);
  memory.copy(state.s, state.keptS, (<usize>data.M) << 3);
  return false;
}

function sizeOfPoint(): f64 {
  const ofRows = max(largest(state.y, 0, data.m), largest(state.s, 0, data.m));
  return max(largest(state.x, 0, data.n), ofRows);
}

function iterate(): bool {
  let last = Infinity;
  for (steps = 0; steps <= STEPS; steps++) {
    project();
    state.evaluate();
    const distance = state.assess();
    if (distance <= EXACT) return true;
    if (!(distance < PROGRESS * last)) return distance <= ENOUGH;
    last = distance;
    beat();
    if (!factoriseAtPoint()) return false;
    step();
  }
  return false;
}

/** Factorises [P, AᵀU; UᵀA, −Δ], Δ = (1 − d)/(dρ), of the eigenvectors with d > 0. */
export function factoriseAtPoint(): bool {
  turnMatrix();
  beginSystem();
  for (let r = 0; r < data.m; r++) {
    const d = entry(state.slope, r);
    if (d > 0) addRow(r, (1 - d) / (d * entry(state.ratio, r)));
  }
  return factoriseSystem(SHIFT);
}

/** dy = Uω, ds = −r_p − A·dx and dv = dy − ρ·ds. */
function step(): void {
  for (let j = 0; j < data.N; j++) setEntry(state.f, j, -entry(state.dualResidual, j));
  turn(state.primalResidual, state.target, false);
  for (let r = 0; r < data.m; r++) setEntry(state.g, r, -entry(state.target, r));
  solveSystem(state.f, state.g);
  turn(state.g, state.dy, true);
  memory.copy(state.ds, state.primalResidual, (<usize>data.M) << 3);
  addProduct(state.ds, 1, data.A, data.M, data.N, state.f);
  for (let j = 0; j < data.n; j++) addEntry(state.x, j, entry(state.f, j));
  for (let r = 0; r < data.m; r++) {
    addEntry(state.v, r, entry(state.dy, r) + entry(state.ratio, r) * entry(state.ds, r));
  }
}
