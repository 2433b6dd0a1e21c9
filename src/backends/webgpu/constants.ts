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
export function nameConstant(prefix: string, name: string): string {
  return `${prefix}_${name.replace(/[A-Z]/g, '_$&').toUpperCase()}`;
}

function declareConstants(prefix: string, values: readonly (readonly [string, string])[]): string {
  return values.map(([name, value]) => `const ${nameConstant(prefix, name)}=${value};`).join('\n');
}

/** @param prefix the override constant that chooses one of the list */
function declareIndices(prefix: string, list: readonly string[], of: string): ConstantsPart {
  return {
    file: `the constants of ${of}`,
    text: declareConstants(
      prefix,
      list.map((name, place) => [name, `${place}u`]),
    ),
  };
}

/** By the list that they are made from. */
export const CONSTANTS = {
  activations: declareIndices('ACTIVATION', ACTIVATIONS, 'ACTIVATIONS'),
  biases: declareIndices('BIAS', BIASES, 'BIASES'),
  elementwise: declareIndices('OPERATION', ELEMENTWISE, 'ELEMENTWISE'),
  iterations: declareIndices('METHOD', ITERATIONS, 'ITERATIONS'),
  moves: declareIndices('OPERATION', MOVES, 'MOVES'),
  reductions: declareIndices('OPERATION', REDUCTIONS, 'REDUCTIONS'),
  rows: declareIndices('OPERATION', ROWS, 'ROWS'),
  scalars: declareIndices('OPERATION', SCALARS, 'SCALARS'),
  /** The status is a number like the others of a state. */
  state: {
    file: 'the constants of STATUS and STATE_ROWS',
    text: [
      declareConstants(
        'STATUS',
        Object.entries(STATUS).map(([name, value]) => [name, value.toFixed(1)]),
      ),
      declareConstants(
        'STATE',
        Object.entries({ ...STATE_ROWS, size: STATE_SIZE }).map(([name, value]) => [name, `${value}u`]),
      ),
    ].join('\n'),
  },
} as const satisfies Record<string, ConstantsPart>;
