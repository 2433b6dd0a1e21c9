// A predictor-corrector step of the interior point method (S. Mehrotra 1992). With slacks s = u − Ax and Ax − l and
// multipliers λ > 0, y = λ_u − λ_l, it solves
//   r_u = z + s_u − u,  ds_u = −r_u − dz,  s_u·dλ_u + λ_u·ds_u = −c_u,
//   r_l = z − s_l − l,  ds_l = r_l + dz,   s_l·dλ_l + λ_l·ds_l = −c_l,
// so that dy = h·dz + g, h = λ_u/s_u + λ_l/s_l, g = (λ_u·r_u − c_u)/s_u + (c_l + λ_l·r_l)/s_l.
import { entry, setEntry } from './entries';
import { factoriseStep, solveStep } from './newton-system';
import * as data from './program-data';
import * as state from './program-state';
import { hasLower, hasUpper } from './program-state';

/** The share of the way to the boundary that a step takes. */
const SHARE: f64 = 0.995;

/** At this distance, steps are refined. */
const REFINED: f64 = 1e-4;
let refinements: i32 = 0;

/**
 * Takes a step from a point.
 * @param distance of the point, as `assess` gives it
 * @param mean the mean of its products s·λ, of which there are `pairs`
 * @returns false where a factorisation fails
 */
export function takeStep(distance: f64, mean: f64, pairs: i32): bool {
  refinements = distance < REFINED ? 2 : 0;
  for (let r = 0; r < data.m; r++) {
    let h: f64 = 0;
    if (hasUpper(r)) {
      h += entry(state.multiplierU, r) / entry(state.slackU, r);
      setEntry(state.productsU, r, entry(state.multiplierU, r) * entry(state.slackU, r));
    }
    if (hasLower(r)) {
      h += entry(state.multiplierL, r) / entry(state.slackL, r);
      setEntry(state.productsL, r, entry(state.multiplierL, r) * entry(state.slackL, r));
    }
    setEntry(state.weight, r, h);
  }
  if (!factoriseStep()) return false;
  solveFor();
  const slackShare = longest(true);
  const multiplierShare = longest(false);
  // The mean product after this step, and products with what the linear system leaves out.
  let sum: f64 = 0;
  for (let r = 0; r < data.m; r++) {
    if (hasUpper(r)) {
      const slack = entry(state.slackU, r) + slackShare * entry(state.stepU, r);
      sum += slack * (entry(state.multiplierU, r) + multiplierShare * entry(state.changeU, r));
    }
    if (hasLower(r)) {
      const slack = entry(state.slackL, r) + slackShare * entry(state.stepL, r);
      sum += slack * (entry(state.multiplierL, r) + multiplierShare * entry(state.changeL, r));
    }
  }
  const ratio = sum / <f64>pairs / mean;
  const aim = mean * ratio * ratio * ratio;
  for (let r = 0; r < data.m; r++) {
    if (hasUpper(r)) {
      const product = entry(state.multiplierU, r) * entry(state.slackU, r);
      setEntry(state.productsU, r, product + entry(state.stepU, r) * entry(state.changeU, r) - aim);
    }
    if (hasLower(r)) {
      const product = entry(state.multiplierL, r) * entry(state.slackL, r);
      setEntry(state.productsL, r, product + entry(state.stepL, r) * entry(state.changeL, r) - aim);
    }
  }
  solveFor();
  move();
  return true;
}

/** Solves for the step that belongs to the present products c. */
function solveFor(): void {
  for (let r = 0; r < data.m; r++) {
    const kind = state.kindOf(r);
    const value = entry(state.z, r);
    if (kind === state.EQUAL) {
      setEntry(state.g, r, entry(state.u, r) - value);
      continue;
    }
    let right: f64 = 0;
    if (hasUpper(r)) {
      const slack = entry(state.slackU, r);
      const residual = value + slack - entry(state.u, r);
      right += (entry(state.multiplierU, r) * residual - entry(state.productsU, r)) / slack;
    }
    if (hasLower(r)) {
      const slack = entry(state.slackL, r);
      const residual = value - slack - entry(state.l, r);
      right += (entry(state.multiplierL, r) * residual + entry(state.productsL, r)) / slack;
    }
    setEntry(state.g, r, right);
  }
  solveStep(refinements);
  for (let r = 0; r < data.m; r++) {
    const value = entry(state.z, r);
    const change = entry(state.dz, r);
    if (hasUpper(r)) {
      const slack = entry(state.slackU, r);
      const by = entry(state.u, r) - value - slack - change;
      setEntry(state.stepU, r, by);
      setEntry(state.changeU, r, (-entry(state.productsU, r) - entry(state.multiplierU, r) * by) / slack);
    }
    if (hasLower(r)) {
      const slack = entry(state.slackL, r);
      const by = value - slack - entry(state.l, r) + change;
      setEntry(state.stepL, r, by);
      setEntry(state.changeL, r, (-entry(state.productsL, r) - entry(state.multiplierL, r) * by) / slack);
    }
  }
}

/** The share of the step, at most 1, after which a slack or a multiplier becomes 0. */
function longest(ofSlacks: bool): f64 {
  let share: f64 = 1;
  for (let r = 0; r < data.m; r++) {
    if (hasUpper(r)) {
      const value = entry(ofSlacks ? state.slackU : state.multiplierU, r);
      const by = entry(ofSlacks ? state.stepU : state.changeU, r);
      if (by < 0) share = min(share, -value / by);
    }
    if (hasLower(r)) {
      const value = entry(ofSlacks ? state.slackL : state.multiplierL, r);
      const by = entry(ofSlacks ? state.stepL : state.changeL, r);
      if (by < 0) share = min(share, -value / by);
    }
  }
  return share;
}

function move(): void {
  let along = longest(true);
  let dualAlong = longest(false);
  if (!data.isLinear()) {
    along = min(along, dualAlong);
    dualAlong = along;
  }
  along = along < 1 ? SHARE * along : 1;
  dualAlong = dualAlong < 1 ? SHARE * dualAlong : 1;
  for (let r = 0; r < data.m; r++) {
    const kind = state.kindOf(r);
    if (kind === state.EQUAL) {
      setEntry(state.y, r, entry(state.y, r) + dualAlong * entry(state.dy, r));
      continue;
    }
    if (hasUpper(r)) {
      setEntry(state.slackU, r, entry(state.slackU, r) + along * entry(state.stepU, r));
      setEntry(state.multiplierU, r, entry(state.multiplierU, r) + dualAlong * entry(state.changeU, r));
    }
    if (hasLower(r)) {
      setEntry(state.slackL, r, entry(state.slackL, r) + along * entry(state.stepL, r));
      setEntry(state.multiplierL, r, entry(state.multiplierL, r) + dualAlong * entry(state.changeL, r));
    }
    setEntry(state.y, r, entry(state.multiplierU, r) - entry(state.multiplierL, r));
  }
  if (data.invertsP()) {
    for (let r = 0; r < data.m; r++) {
      setEntry(state.offset, r, (1 - along) * entry(state.offset, r));
      setEntry(state.offsetMoved, r, (1 - along) * entry(state.offsetMoved, r));
    }
    return;
  }
  for (let j = 0; j < data.n; j++) setEntry(state.x, j, entry(state.x, j) + along * entry(state.step, j));
}
