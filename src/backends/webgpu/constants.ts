/**
 * Constants of WGSL for what kernels.ts lists: a shader finds an operation by its name, whatever its place in the list.
 * One that a shader names and the list does not have is an error of the compiler.
 */
import {
  ACTIVATIONS,
  BIASES,
  ELEMENTWISE,
  ITERATIONS,
  MOVES,
  REDUCTIONS,
  ROWS,
  SCALARS,
  STATE_ROWS,
  STATE_SIZE,
  STATUS,
} from '../kernels.ts';

/** What is put before the sources that use it. */
export interface ConstantsPart {
  readonly file: string;
  readonly text: string;
}

/** softThreshold of OPERATION is OPERATION_SOFT_THRESHOLD. */
export function constantOf(prefix: string, name: string): string {
  return `${prefix}_${name.replace(/[A-Z]/g, '_$&').toUpperCase()}`;
}

function declared(prefix: string, values: readonly (readonly [string, string])[]): string {
  return values.map(([name, value]) => `const ${constantOf(prefix, name)}=${value};`).join('\n');
}

/** @param prefix the override constant that chooses one of the list */
function places(prefix: string, list: readonly string[], of: string): ConstantsPart {
  return {
    file: `the constants of ${of}`,
    text: declared(
      prefix,
      list.map((name, place) => [name, `${place}u`]),
    ),
  };
}

/** By the list that they are made from. */
export const CONSTANTS = {
  activations: places('ACTIVATION', ACTIVATIONS, 'ACTIVATIONS'),
  biases: places('BIAS', BIASES, 'BIASES'),
  elementwise: places('OPERATION', ELEMENTWISE, 'ELEMENTWISE'),
  iterations: places('METHOD', ITERATIONS, 'ITERATIONS'),
  moves: places('OPERATION', MOVES, 'MOVES'),
  reductions: places('OPERATION', REDUCTIONS, 'REDUCTIONS'),
  rows: places('OPERATION', ROWS, 'ROWS'),
  scalars: places('OPERATION', SCALARS, 'SCALARS'),
  /** The status is a number like the others of a state. */
  state: {
    file: 'the constants of STATUS and STATE_ROWS',
    text: [
      declared(
        'STATUS',
        Object.entries(STATUS).map(([name, value]) => [name, value.toFixed(1)]),
      ),
      declared(
        'STATE',
        Object.entries({ ...STATE_ROWS, size: STATE_SIZE }).map(([name, value]) => [name, `${value}u`]),
      ),
    ].join('\n'),
  },
} as const satisfies Record<string, ConstantsPart>;
