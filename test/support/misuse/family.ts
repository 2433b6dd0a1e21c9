/** Calls of one public function that are valid except for one argument. */
import fc from 'fast-check';
import { drawMisspelling, type Hostile, hostile } from './values.ts';
import type { World } from './world.ts';

interface Parameter {
  /** The names that an error may use for the argument: its documented name, or the name of a part of it. */
  readonly names: readonly string[];
  readonly valid: (world: World) => unknown;
  /** For an object of options: the names of all options. */
  readonly options?: readonly string[];
}

export interface Family {
  /** The exported name, or class and method: `lasso`, `Tensor.add`. */
  readonly name: string;
  readonly call: (world: World, ...given: never[]) => unknown;
  readonly parameters: readonly Parameter[];
}

/** An argument by its names; the first of them is the documented one. */
export function argument(names: string, valid: (world: World) => unknown): Parameter {
  return { names: names.split(' '), valid };
}

/** An object of options. `valid` returns the required ones. */
export function options(known: string, valid: (world: World) => object = () => ({}), names = 'options'): Parameter {
  const all = known.split(' ');
  return { names: [...names.split(' '), ...all], valid, options: all };
}

export function family(
  name: string,
  call: (world: World, ...given: never[]) => unknown,
  parameters: readonly Parameter[],
): Family {
  return { name, call, parameters };
}

/** One call: the invalid argument, and the value it gets. */
interface Misuse {
  readonly index: number;
  readonly kind: 'argument' | 'option' | 'unknown option' | 'inherited options';
  readonly option: readonly [wrong: string, right: string];
  readonly value: Hostile;
}

/** Only for families that have parameters. */
export function drawMisuses({ parameters }: Family): fc.Arbitrary<Misuse> {
  return fc.nat(parameters.length - 1).chain((index) => {
    const { options: known } = parameters[index];
    if (!known) {
      return hostile.map((value): Misuse => ({ index, kind: 'argument', option: ['', ''], value }));
    }
    const kind = fc.constantFrom<Misuse['kind'][]>(
      'argument',
      'option',
      'option',
      'option',
      'unknown option',
      'inherited options',
    );
    return fc.tuple(kind, fc.constantFrom(...known), drawMisspelling(known), hostile).map(
      ([of, name, wrong, value]): Misuse => ({
        index,
        kind: of,
        option: of === 'unknown option' ? wrong : [name, name],
        value,
      }),
    );
  });
}

interface PreparedCall {
  readonly call: () => unknown;
  readonly names: readonly string[];
  /** Whether the call must be refused. */
  readonly mustRefuse: boolean;
  readonly description: string;
}

export function prepareCall({ name, call, parameters }: Family, misuse: Misuse, world: World): PreparedCall {
  const { index, kind, option, value } = misuse;
  const [what, make] = value;
  const { names } = parameters[index];
  const given = parameters.map(({ valid }) => valid(world));
  const [wrong, right] = option;
  if (kind === 'argument') given[index] = make(world);
  else if (kind === 'option') given[index] = { ...(given[index] as object), [wrong]: make(world) };
  else if (kind === 'unknown option') given[index] = { ...(given[index] as object), [wrong]: make(world) };
  else given[index] = Object.assign(Object.create({ [wrong]: make(world) }), given[index]);
  const of = kind === 'argument' ? names[0] : `${names[0]}.${wrong}`;
  return {
    call: () => call(world, ...(given as never[])),
    names:
      kind === 'argument' ? names : kind === 'unknown option' ? [wrong] : [right, ...(NAMES_IN_ERRORS[right] ?? [])],
    mustRefuse: kind === 'unknown option',
    description: `${name}: ${of}${kind === 'inherited options' ? ' (inherited)' : ''} is ${what}`,
  };
}

/** Options for which errors use the names of their contents. */
const NAMES_IN_ERRORS: Readonly<Record<string, readonly string[]>> = {
  checkpoint: ['write', 'every'],
  earlyStopping: ['patience'],
  // The caller's function computes with its inputs, and the operations in it name their operands.
  inputs: ['function', 'input', 'other'],
  unknown: ['inputs', 'function', 'shapes'],
  criterion: ['begin', 'judge', 'copies'],
  proximal: ['step', 'function'],
  step: ['proximal'],
  solver: ['function'],
  logLambda: ['y', 'ridge', 'weights'],
  ridge: ['y', 'logLambda', 'weights'],
  weights: ['y', 'logLambda'],
  X: ['y', 'initial', 'weights', 'masks'],
  y: ['X', 'logLambda', 'masks'],
  masks: ['X', 'y', 'logLambda'],
  initial: ['b', 'z', 'y'],
  validation: ['inputs', 'labels', 'features', 'count', 'rows'],
  margin: ['W'],
  optimiser: ['rate', 'start', 'penalty'],
  resume: ['checkpoint'],
  values: ['shapes'],
  training: ['random'],
  selection: ['random', 'seed', 'names'],
  theorem3: ['rate'],
  rate: ['schedule'],
  target: ['column', 'columns'],
  ignore: ['column', 'columns', 'target'],
  categorical: ['column', 'columns'],
  header: ['column', 'columns', 'table'],
  features: ['count'],
  count: ['features'],
  classWeights: ['loss'],
};
