/** The models whose penalty or cost `equilibra tune` chooses, beside the Lasso. */
import type { SparseLoss } from '../../../index.ts';
import { InputError } from '../../io.ts';
import { type Arguments, readChoice } from '../../options.ts';
import { refuseOptions } from '../../table-options.ts';

/** What is known of a kind of model. */
interface Model {
  /** The name in words. */
  readonly title: string;
  /** What it explains: numbers in one column or in several, two classes, or two and more. */
  readonly explains: 'numbers' | 'tasks' | 'two classes' | 'classes';
  /** The mean of the criterion, in words. */
  readonly measure: string;
  /** The loss of `sparseModel`; undefined for a support vector machine. */
  readonly loss: SparseLoss | undefined;
  /** Whether the columns of a file are groups. */
  readonly hasGroups?: boolean;
}

export const MODELS = {
  'group-lasso': {
    title: 'Group Lasso',
    explains: 'numbers',
    measure: 'mean squared error',
    loss: 'square',
    hasGroups: true,
  },
  'multi-task-lasso': {
    title: 'Multi-task Lasso',
    explains: 'tasks',
    measure: 'sum over the targets of mean squared errors, in squared deviations of each',
    loss: 'square',
  },
  logistic: {
    title: 'Sparse logistic regression',
    explains: 'two classes',
    measure: 'mean of log(1 + exp(−ym))',
    loss: 'logistic',
  },
  multinomial: {
    title: 'Sparse multinomial regression',
    explains: 'classes',
    measure: 'mean cross-entropy',
    loss: 'multinomial',
  },
  'support-vector-machine': {
    title: 'Support vector machine',
    explains: 'two classes',
    measure: 'mean of log(1 + exp(−ym))',
    loss: undefined,
  },
} as const satisfies Record<string, Model>;

export type ModelName = keyof typeof MODELS;

export const MODEL_NAMES = ['lasso', ...(Object.keys(MODELS) as ModelName[])] as const;

export function modelOf(name: ModelName): Model {
  return MODELS[name];
}

/** Options of the Lasso alone. */
const LASSO_ONLY = ['penalty', 'starts', 'noise', 'report'] as const;

/** @returns undefined for the Lasso @throws InputError where an option is for another model */
export function readModel(given: Arguments): ModelName | undefined {
  const name = readChoice(given, 'model', MODEL_NAMES) ?? 'lasso';
  const { options } = given;
  if (name !== 'group-lasso') refuseOptions(given, ['groups'], `it is for --model group-lasso; the model is ${name}`);
  if (name === 'lasso') return undefined;
  refuseOptions(given, LASSO_ONLY, `it is for --model lasso; the model is ${name}`);
  if (options.criterion === 'sure') {
    throw new InputError(`--criterion: sure is for --model lasso; the model is ${name}, which takes cv or held-out`);
  }
  if (options.optimiser === 'adam') {
    throw new InputError(`--optimiser: adam is for --model lasso; the model is ${name}, which takes descent or grid`);
  }
  if (name !== 'logistic') {
    refuseOptions(given, ['non-negative'], `it is for --model lasso and logistic; the model is ${name}`);
  }
  return name;
}
