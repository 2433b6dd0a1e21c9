/**
 * WGSL constants for the lists in kernels.ts. A shader thus refers to an operation by name, independently of its
 * position in the list. A name that is not in the list does not compile.
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

/** Generated source that goes before the sources which use it. */
interface ConstantsPart {
  readonly file: string;
  readonly text: string;
}

/** The name of a constant: for OPERATION and softThreshold it is OPERATION_SOFT_THRESHOLD. */
export function nameConstant(prefix: string, name: string): string {
  return `${prefix}_${name.replace(/[A-Z]/g, '_$&').toUpperCase()}`;
}

function declareConstants(prefix: string, values: readonly (readonly [string, string])[]): string {
  return values.map(([name, value]) => `const ${nameConstant(prefix, name)}=${value};`).join('\n');
}

/**
 * Declares the index of each name.
 * @param prefix the override constant that holds such an index
 * @param of the name of the list
 */
function declareIndices(prefix: string, list: readonly string[], of: string): ConstantsPart {
  return {
    file: `the constants of ${of}`,
    text: declareConstants(
      prefix,
      list.map((name, place) => [name, `${place}u`]),
    ),
  };
}

/** The constants of each list. */
export const CONSTANTS = {
  activations: declareIndices('ACTIVATION', ACTIVATIONS, 'ACTIVATIONS'),
  biases: declareIndices('BIAS', BIASES, 'BIASES'),
  elementwise: declareIndices('OPERATION', ELEMENTWISE, 'ELEMENTWISE'),
  iterations: declareIndices('METHOD', ITERATIONS, 'ITERATIONS'),
  moves: declareIndices('OPERATION', MOVES, 'MOVES'),
  reductions: declareIndices('OPERATION', REDUCTIONS, 'REDUCTIONS'),
  rows: declareIndices('OPERATION', ROWS, 'ROWS'),
  scalars: declareIndices('OPERATION', SCALARS, 'SCALARS'),
  /** A status is stored as a floating-point number, like the other numbers of a state. */
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
