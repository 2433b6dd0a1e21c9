// A predictor-corrector step of the interior point method (S. Mehrotra 1992) along directions of Nesterov and Todd. With
// λ = W⁻ᵀs = Wy, Ã = W⁻ᵀA, h = W⁻ᵀ(Ax + s − b), the scaled changes W⁻ᵀds + W·dy = d for the d with λ ∘ d = −λ ∘ λ − …, and
// the share of the residuals that is removed,
//   P·dx + Ãᵀ(W·dy) = −share·r_d,  Ã·dx − W·dy = −(share·h + d),
// where rows of zero cones have A·dx = −share·r_p.
import { ConeType } from '../cone-instructions';
import * as data from './cone-program-data';
import * as state from './cone-program-state';
import { divide, inverseStep, scale, turnMatrix, unscale } from './cone-scaling';
import { addRow, beginSystem, factoriseSystem, solveSystem } from './cone-system';
import { addEntry, clear, entry, setEntry } from './entries';
import { addProduct } from './panels';

/** The share of the way to the boundary that a step takes. */
const TO_BOUNDARY: f64 = 0.99;
/** What is added to the diagonals of a system, relative to their entries; and where that fails. */
const SHIFT: f64 = 1e-12;
const LARGER_SHIFT: f64 = 1e-8;

/** Factorises the system at s and y. @returns false where these are not in the interior, or a factorisation fails */
export function factoriseStep(): bool {
  if (!scale()) return false;
  turnMatrix();
  beginSystem();
  for (let block = 0; block < data.blocks; block++) {
    const type = data.typeOf(block);
    const start = data.startOf(block);
    if (type === ConeType.free) continue;
    for (let r = start; r < start + data.rowsOf(block); r++) addRow(r, type === ConeType.zero ? 0 : 1);
  }
  return factoriseSystem(SHIFT) || factoriseSystem(LARGER_SHIFT);
}

/** Takes a step from x, y and s, whose residuals are known. @param mean sᵀy / degree */
export function takeStep(mean: f64): bool {
  if (!factoriseStep()) return false;
  clear(state.target, data.M);
  unscale(state.primalResidual, state.scaledResidual, false);
  for (let r = 0; r < data.m; r++) setEntry(state.target, r, -entry(state.lambda, r));
  findDirection(1);
  const affine = longest();
  const rest = 1 - min(1, affine);
  const centring = rest * rest * rest;
  divide(state.scaledS, state.scaledY, centring * mean, state.target);
  for (let r = 0; r < data.m; r++) addEntry(state.target, r, -entry(state.lambda, r));
  findDirection(1 - centring);
  move(1 - centring);
  return true;
}

/** The direction for the d in `target`: dx in `dx`, W·dy in `scaledY`, and W⁻ᵀds in `scaledS`. */
function findDirection(share: f64): void {
  for (let j = 0; j < data.N; j++) setEntry(state.dx, j, -share * entry(state.dualResidual, j));
  for (let block = 0; block < data.blocks; block++) {
    const isZero = data.typeOf(block) === ConeType.zero;
    const start = data.startOf(block);
    for (let r = start; r < start + data.rowsOf(block); r++) {
      const value = isZero
        ? share * entry(state.primalResidual, r)
        : share * entry(state.scaledResidual, r) + entry(state.target, r);
      setEntry(state.scaledY, r, -value);
    }
  }
  solveSystem(state.dx, state.scaledY);
  for (let r = 0; r < data.m; r++) setEntry(state.scaledS, r, entry(state.target, r) - entry(state.scaledY, r));
}

/** How far the direction may be followed. */
function longest(): f64 {
  return 1 / max(inverseStep(state.scaledS), inverseStep(state.scaledY));
}

/** Follows the direction; ds comes from Ax + s = b, which s then meets to rounding. */
function move(share: f64): void {
  const inverse = max(inverseStep(state.scaledS), inverseStep(state.scaledY));
  const step = inverse > 0 ? min(1, TO_BOUNDARY / inverse) : 1;
  unscale(state.scaledY, state.dy, true);
  memory.copy(state.ds, state.primalResidual, (<usize>data.M) << 3);
  for (let r = 0; r < data.m; r++) setEntry(state.ds, r, -share * entry(state.ds, r));
  addProduct(state.ds, -1, data.A, data.M, data.N, state.dx);
  for (let j = 0; j < data.n; j++) addEntry(state.x, j, step * entry(state.dx, j));
  for (let block = 0; block < data.blocks; block++) {
    const type = data.typeOf(block);
    const start = data.startOf(block);
    if (type === ConeType.free) continue;
    for (let r = start; r < start + data.rowsOf(block); r++) {
      if (type === ConeType.zero) addEntry(state.y, r, step * entry(state.scaledY, r));
      else {
        addEntry(state.y, r, step * entry(state.dy, r));
        addEntry(state.s, r, step * entry(state.ds, r));
      }
    }
  }
}
