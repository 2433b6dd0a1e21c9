/** What reads and writes the parameters of models as files of other tools, with valid arguments. */
import * as library from '../../../src/index.ts';
import { argument, type Family, family, options } from './family.ts';

type Given = never;
const plain = (): library.Model => library.sequential(library.dense({ inputs: 2, outputs: 2 }));

export const PARAMETER_FAMILIES: readonly Family[] = [
  family('stateDictOf', ({ model }, given: Given) => library.stateDictOf(model, given), [
    options('prefixes', () => ({ prefixes: ['a'] })),
  ]),
  family(
    'loadStateDict',
    (_, model: Given, engine: Given, arrays: Given, given: Given) =>
      library.loadStateDict(model, engine, arrays, given),
    [
      argument('model', () => plain()),
      argument('engine', ({ engine }) => engine),
      argument('arrays', ({ state }) => state),
      options('prefixes', () => ({ prefixes: ['a'] })),
    ],
  ),
  family('saveParameters', (_, model: Given, given: Given) => library.saveParameters(model, given), [
    argument('model', ({ model }) => model),
    options('metadata'),
  ]),
  family(
    'loadParameters',
    (_, model: Given, engine: Given, bytes: Given) => library.loadParameters(model, engine, bytes),
    [
      argument('model', () => plain()),
      argument('engine', ({ engine }) => engine),
      argument('bytes safetensors', ({ parameters }) => parameters),
    ],
  ),
];
