/** A composed equation with a planted solution, as plain data: what is written with tensors, and what the truth is found from. */
import type { Bend, ExtremeName } from './bends.ts';

/** Rows of n numbers: one for each sample, or one that all samples share. */
export type Table = readonly (readonly number[])[];

/** A vector of n numbers for each sample, or for all; by the places of other nodes and of inputs. */
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
  /** Entry by entry. */
  | { readonly kind: 'product'; readonly a: number; readonly b: number }
  /** The solution y of y = bend(My + x + shift), itself an unknown. */
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

export type NodeKind = Node['kind'];

export interface Input {
  readonly name: 'vector' | 'number' | 'along' | 'matrix' | 'shift';
  /** As the function gets it: [batch, n], [n], [1], [n, n] or [batch, n, n]. */
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

export interface Problem {
  readonly n: number;
  readonly batch: number;
  readonly form: 'fixed point' | 'root';
  /** All samples are one system. */
  readonly isCoupled: boolean;
  /** The nodes that the last one depends on, each after those that it depends on. */
  readonly nodes: readonly Node[];
  readonly inputs: readonly Input[];
  /** Of every node, at the solution. */
  readonly values: readonly Table[];
  /**
   * The function is own·z + factor·(the last node) + shift: of a fixed point own is 0. The last input is that shift.
   */
  readonly own: number;
  readonly factor: number;
  /** The power of 2 that every length is multiplied with. */
  readonly scale: number;
  /** Of the function, in the largest-entry norm; infinite where it has products. */
  readonly lipschitz: number;
  /** Every number and every sum on the way has so few digits that nothing is rounded in float32. */
  readonly isExactInSingle: boolean;
}

export const isInner = (node: Node): node is Extract<Node, { kind: 'inner' }> => node.kind === 'inner';

/** The nodes that a node is computed from. */
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

/** Of each node, whether it moves with the unknown. */
export function dependence(nodes: readonly Node[]): boolean[] {
  const depends: boolean[] = [];
  for (const node of nodes) {
    depends.push(node.kind === 'unknown' || argumentsOf(node).some((place) => depends[place]));
  }
  return depends;
}

/** Row `sample` of a table, of which there may be only one. */
export const rowOf = (table: Table, sample: number): readonly number[] => table[table.length === 1 ? 0 : sample];
