/**
 * Sudoku boards with boxes of `order` × `order` cells: found by search, drawn by seed, checked. The layer that learns sees
 * boards only, never this file.
 */
import type { Random } from '../../src/data/random.ts';

/** The cells of a board, row by row: a number from 1 to order², or 0 where the cell is empty. */
export type Board = readonly number[];

/** A puzzle with exactly one solution. */
export interface Puzzle {
  readonly clues: Board;
  readonly solution: Board;
}

/** The cells of each row, each column and each box. */
export function groupsOf(order: number): number[][] {
  const side = order ** 2;
  const each = (cellOf: (group: number, place: number) => number): number[][] =>
    Array.from({ length: side }, (_, group) => Array.from({ length: side }, (_, place) => cellOf(group, place)));
  const cellInBox = (box: number, place: number): number => {
    const row = Math.floor(box / order) * order + Math.floor(place / order);
    return row * side + (box % order) * order + (place % order);
  };
  return [
    ...each((row, place) => row * side + place),
    ...each((column, place) => place * side + column),
    ...each(cellInBox),
  ];
}

/** The cells whose number stands once more in their row, column or box. */
export function clashingCells(board: Board, order: number): number[] {
  const clashing = new Set<number>();
  for (const cells of groupsOf(order)) {
    for (const cell of cells) {
      const isTwice = cells.some((other) => other !== cell && board[other] === board[cell]);
      if (board[cell] > 0 && isTwice) clashing.add(cell);
    }
  }
  return [...clashing].sort((a, b) => a - b);
}

/** Whether the board is full, follows the rules, and has all the clues. */
export function solves(board: Board, clues: Board, order: number): boolean {
  const isFull = board.every((number) => number >= 1 && number <= order ** 2);
  const keepsClues = clues.every((clue, cell) => clue === 0 || clue === board[cell]);
  return isFull && keepsClues && clashingCells(board, order).length === 0;
}

/** What a search for boards may be told. */
export interface SearchOptions {
  /** The search ends once it has found this many boards. Default 1. */
  readonly most?: number;
  /** With it, numbers are tried in random order. Default: in ascending order. */
  readonly draws?: Random;
}

/** The boards that complete the clues, by depth-first search that fills the cell with the fewest choices first. */
export function completions(clues: Board, order: number, { most = 1, draws }: SearchOptions = {}): number[][] {
  if (clashingCells(clues, order).length > 0) return [];
  const neighbours = neighboursOf(order);
  const board = [...clues];
  const found: number[][] = [];
  const search = (): void => {
    const next = narrowestCell(board, neighbours, order ** 2);
    if (!next) {
      found.push([...board]);
      return;
    }
    const { cell, choices } = next;
    const sequence = draws ? draws.permutation(choices.length) : choices.keys();
    for (const index of sequence) {
      board[cell] = choices[index];
      search();
      if (found.length >= most) break;
    }
    board[cell] = 0;
  };
  search();
  return found;
}

const known = new Map<number, readonly number[][]>();

/** For each cell the other cells of its row, column and box. */
function neighboursOf(order: number): readonly number[][] {
  const before = known.get(order);
  if (before) return before;
  const groups = groupsOf(order);
  const neighbours = Array.from({ length: order ** 4 }, (_, cell) => {
    const near = groups.filter((cells) => cells.includes(cell)).flat();
    return [...new Set(near)].filter((other) => other !== cell);
  });
  known.set(order, neighbours);
  return neighbours;
}

/** The empty cell with the fewest choices; undefined where no cell is empty. */
function narrowestCell(
  board: Board,
  neighbours: readonly number[][],
  side: number,
): { cell: number; choices: number[] } | undefined {
  let narrowest: { cell: number; choices: number[] } | undefined;
  for (const [cell, number] of board.entries()) {
    if (number > 0) continue;
    const taken = neighbours[cell].reduce((bits, other) => bits | (1 << board[other]), 0);
    const choices = Array.from({ length: side }, (_, index) => index + 1).filter((choice) => !(taken & (1 << choice)));
    if (!narrowest || choices.length < narrowest.choices.length) narrowest = { cell, choices };
  }
  return narrowest;
}

/**
 * Removes numbers in random order, each only where the puzzle keeps a single solution, until `clues` are left or none
 * can go.
 */
export function drawPuzzle(solution: Board, order: number, clues: number, draws: Random): Puzzle {
  const left = [...solution];
  for (const cell of draws.permutation(left.length)) {
    if (left.filter(Boolean).length <= clues) break;
    left[cell] = 0;
    if (completions(left, order, { most: 2 }).length > 1) left[cell] = solution[cell];
  }
  return { clues: left, solution };
}

/** The solution grids to draw from: all 288 of order 2 in random order, or `count` random ones of another order. */
export function drawGrids(order: number, count: number, draws: Random): number[][] {
  const empty = new Array<number>(order ** 4).fill(0);
  if (order === 2) {
    const all = completions(empty, order, { most: Number.POSITIVE_INFINITY });
    return Array.from(draws.permutation(all.length), (index) => all[index]).slice(0, count);
  }
  const grids = new Map<string, number[]>();
  while (grids.size < count) {
    const [grid] = completions(empty, order, { draws });
    grids.set(grid.join(), grid);
  }
  return [...grids.values()];
}
