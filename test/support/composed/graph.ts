/**
 * A composed equation with a planted solution, as plain data. The library solves it written with tensors, and the truth
 * is computed from the data.
 */
import type { Bend, ExtremeName } from './bends.ts';

/** Rows of n numbers: one for each sample, or a single one that all samples share. */
export type Table = readonly (readonly number[])[];

/** A vector of n numbers for each sample, or for all. Other nodes and inputs are given by their index. */
export type Node = { readonly layout: number } & (
  | { readonly kind: 'unknown' }
  | { readonly kind: 'vector'; readonly input: number }
  /** A number times a vector. */
  | { readonly kind: 'ray'; readonly input: number; readonly along: number }
  /** (2ᵉW)·x·2⁻ᵉ */
  | { readonly kind: 'linear'; readonly of: number; readonly matrix: number; readonly exponent: number }
  /** bend(x + shift) */
  | { readonly kind: 'bend'; readonly of: number; readonly shift: number; readonly bend: Bend }
  /** maximum or minimum of a + shift and b */
  | {
      readonly kind: 'extreme';
      readonly name: ExtremeName;
      readonly a: number;
      readonly b: number;
      readonly shift: number;
    }
  | { readonly kind: 'sum'; readonly a: number; readonly b: number; readonly factors: readonly [number, number] }
  /** Elementwise. */
  | { readonly kind: 'product'; readonly a: number; readonly b: number }
  /** The solution y of y = bend(My + x + shift), which is an unknown too. */
  | {
      readonly kind: 'inner';
      readonly of: number;
      readonly matrix: number;
      readonly shift: number;
      readonly bend: Bend;
    }
  /** Row s is row order[s] of x. */
  | { readonly kind: 'mix'; readonly of: number; readonly order: readonly number[] }
);

export interface Input {
  readonly name: 'vector' | 'number' | 'along' | 'matrix' | 'shift';
  /** The shape in which the function receives the input: [batch, n], [n], [1], [n, n] or [batch, n, n]. */
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

export interface Problem {
  readonly n: number;
  readonly batch: number;
  readonly form: 'fixed point' | 'root';
  /** Whether all samples together are one system. */
  readonly isCoupled: boolean;
  /** The nodes on which the last one depends, each after its own arguments. */
  readonly nodes: readonly Node[];
  readonly inputs: readonly Input[];
  /** The value of every node at the solution. */
  readonly values: readonly Table[];
  /**
   * The function is own·z + factor·(the last node) + shift. For a fixed point, own is 0. The last input is the shift.
   */
  readonly own: number;
  readonly factor: number;
  /** Every length is multiplied by this power of 2. */
  readonly scale: number;
  /** A Lipschitz constant of the function in the largest-entry norm; infinite where it has products. */
  readonly lipschitz: number;
  /** Whether every number and every partial sum has so few digits that float32 rounds nothing. */
  readonly isExactInSingle: boolean;
}

export const isInner = (node: Node): node is Extract<Node, { kind: 'inner' }> => node.kind === 'inner';

/** The nodes from which a node is computed. */
export function argumentsOf(node: Node): number[] {
  switch (node.kind) {
    case 'unknown':
    case 'vector':
    case 'ray':
      return [];
    case 'extreme':
    case 'sum':
    case 'product':
      return [node.a, node.b];
    default:
      return [node.of];
  }
}

/** For each node, whether it depends on the unknown. */
export function dependence(nodes: readonly Node[]): boolean[] {
  const depends: boolean[] = [];
  for (const node of nodes) {
    depends.push(node.kind === 'unknown' || argumentsOf(node).some((place) => depends[place]));
  }
  return depends;
}

/** Row `sample` of a table, which may have a single row. */
export const rowOf = (table: Table, sample: number): readonly number[] => table[table.length === 1 ? 0 : sample];
