/** Boards on the page: pictures of answers with their shares, and a grid that takes numbers by mouse and keyboard. */
import type { Board } from '../../examples/sudoku/boards.ts';
import { createElement, updateText } from '../page/elements.ts';

/** What a cell shows. */
export interface CellContent {
  /** 0 for nothing. */
  readonly number: number;
  /** A clue stands fast; an answer is that of the layer; an own number that of the player. */
  readonly kind: 'clue' | 'answer' | 'own';
  /** The shares of the numbers, from 0 to 1. */
  readonly shares?: readonly number[];
  readonly isWrong?: boolean;
}

/** For each number of a cell its share of the values of the cell; negative values are rounding. */
export function sharesOf(values: ArrayLike<number>, cell: number, side: number): number[] {
  const own = Array.from({ length: side }, (_, index) => Math.max(values[cell * side + index], 0));
  const sum = own.reduce((total, value) => total + value, 0);
  return own.map((value) => (sum > 0 ? value / sum : 1 / side));
}

function createCells(host: HTMLElement, side: number, tag: 'div' | 'button'): HTMLElement[] {
  host.classList.add('board');
  host.style.setProperty('--side', String(side));
  const order = Math.sqrt(side);
  const rows = Array.from({ length: side }, (_, row) =>
    Array.from({ length: side }, (_, column) => {
      const bars = createElement('span', { class: 'bars', 'aria-hidden': 'true' });
      bars.append(...Array.from({ length: side }, () => createElement('i')));
      const cell = createElement(tag, { class: 'cell' }, createElement('b'), bars);
      if (row % order === 0) cell.classList.add('top');
      if (column % order === 0) cell.classList.add('left');
      return cell;
    }),
  );
  host.replaceChildren(...rows.map((cells) => createElement('div', { class: 'board-row' }, ...cells)));
  return rows.flat();
}

function fillCell(cell: HTMLElement, { number, kind, shares, isWrong }: CellContent): void {
  const [figure, bars] = cell.children;
  updateText(figure as HTMLElement, number > 0 ? String(number) : '');
  cell.dataset.kind = kind;
  cell.toggleAttribute('data-wrong', isWrong ?? false);
  bars.toggleAttribute('hidden', !shares);
  for (const [index, bar] of [...bars.children].entries()) {
    (bar as HTMLElement).style.height = `${(100 * (shares?.[index] ?? 0)).toFixed(1)}%`;
  }
}

/** A picture of a board. @returns what fills it; the label describes it to those who do not see it */
export function createPicture(
  host: HTMLElement,
  side: number,
): (contents: readonly CellContent[], label: string) => void {
  const cells = createCells(host, side, 'div');
  host.setAttribute('role', 'img');
  return (contents, label) => {
    host.setAttribute('aria-label', label);
    for (const [index, cell] of cells.entries()) fillCell(cell, contents[index]);
  };
}

/** Reads a board aloud, row by row. */
export function readAloud(board: Board, side: number): string {
  const rows = Array.from({ length: side }, (_, row) => board.slice(row * side, (row + 1) * side));
  return rows.map((row) => row.map((number) => number || 'empty').join(' ')).join('; ');
}

/**
 * A grid of cells. Arrows move, a number enters it, 0, Delete and Backspace empty a cell, and a click or Enter goes on
 * to the next number.
 * @param onSet called with the cell and its new number, for cells that are not fixed
 */
export function createGrid(
  host: HTMLElement,
  side: number,
  onSet: (cell: number, number: number) => void,
): (contents: readonly CellContent[]) => void {
  const cells = createCells(host, side, 'button');
  host.setAttribute('role', 'grid');
  for (const row of host.children) row.setAttribute('role', 'row');
  let shown: readonly CellContent[] = [];
  let current = 0;
  const isFixed = (cell: number): boolean => cells[cell].getAttribute('aria-readonly') === 'true';
  const enter = (cell: number, number: number): void => {
    if (!isFixed(cell)) onSet(cell, number);
  };
  const moveTo = (cell: number): void => {
    cells[current].tabIndex = -1;
    current = cell;
    cells[current].tabIndex = 0;
  };
  for (const [index, cell] of cells.entries()) {
    cell.setAttribute('role', 'gridcell');
    cell.setAttribute('type', 'button');
    cell.tabIndex = index === 0 ? 0 : -1;
    cell.addEventListener('focus', () => moveTo(index));
    cell.addEventListener('click', () => enter(index, (shown[index].number + 1) % (side + 1)));
    cell.addEventListener('keydown', (event) => {
      const target = neighbourOf(index, event.key, side);
      const isNumber = /^\d$/.test(event.key) && Number(event.key) <= side;
      if (target !== undefined) cells[target].focus();
      else if (isNumber) enter(index, Number(event.key));
      else if (event.key === 'Delete' || event.key === 'Backspace') enter(index, 0);
      else return;
      event.preventDefault();
    });
  }
  return (contents) => {
    shown = contents;
    for (const [index, cell] of cells.entries()) {
      const { number, kind, isWrong } = contents[index];
      fillCell(cell, contents[index]);
      cell.setAttribute('aria-readonly', String(kind === 'clue'));
      const words = [number > 0 ? String(number) : 'empty', kind === 'clue' && 'a clue', isWrong && 'clashes'];
      const place = `row ${Math.floor(index / side) + 1}, column ${(index % side) + 1}`;
      cell.setAttribute('aria-label', `${place}: ${words.filter(Boolean).join(', ')}`);
    }
  };
}

/** The cell to which a key moves. */
function neighbourOf(cell: number, key: string, side: number): number | undefined {
  const [row, column] = [Math.floor(cell / side), cell % side];
  const within = (place: number): number => Math.max(0, Math.min(side - 1, place));
  const at = (toRow: number, toColumn: number): number => within(toRow) * side + within(toColumn);
  if (key === 'ArrowUp') return at(row - 1, column);
  if (key === 'ArrowDown') return at(row + 1, column);
  if (key === 'ArrowLeft') return at(row, column - 1);
  if (key === 'ArrowRight') return at(row, column + 1);
  if (key === 'Home') return at(row, 0);
  if (key === 'End') return at(row, side - 1);
  return undefined;
}
