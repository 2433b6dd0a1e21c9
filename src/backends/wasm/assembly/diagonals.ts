// Diagonals of matrices in panels, before they are factorised.
import { element } from './panels';

/** Sets the diagonal from `start` to `end`, where it is padded, to 1. */
export function fillDiagonal(matrix: usize, columns: i32, start: i32, end: i32): void {
  for (let i = start; i < end; i++) store<f64>(element(matrix, columns, i, i), 1);
}

/** Adds a number to the first `order` entries of a diagonal. */
export function addToDiagonal(matrix: usize, columns: i32, order: i32, value: f64): void {
  for (let i = 0; i < order; i++) {
    const at = element(matrix, columns, i, i);
    store<f64>(at, load<f64>(at) + value);
  }
}

/**
 * Adds a share of each entry to the first `order` entries of a diagonal, and the share itself to those that are not
 * positive.
 * @returns the least entry that it had, relative to the largest one; 0 where one is not positive
 */
export function raiseDiagonal(matrix: usize, columns: i32, order: i32, share: f64): f64 {
  let least = Infinity;
  let most: f64 = 0;
  for (let i = 0; i < order; i++) {
    const at = element(matrix, columns, i, i);
    const value = load<f64>(at);
    least = min(least, value);
    most = max(most, value);
    store<f64>(at, value + share * (value > 0 ? value : 1));
  }
  return least > 0 ? least / most : 0;
}
