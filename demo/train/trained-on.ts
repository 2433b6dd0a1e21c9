/** Compares the data on which a model was trained with those that the page shows. */
import type { Preparation } from '../../src/data/index.ts';
import type { DataSummary, ModelSummary } from '../model/protocol.ts';
import { countOf } from '../page/words.ts';

/** What is known of the data of a model. */
export type TrainedOn = Pick<ModelSummary, 'inputs' | 'outputs' | 'preparation' | 'data'>;

/** 'same': the same rows, prepared alike. 'alike': others of the same kind. 'other': the model cannot take them. */
export type Likeness = 'same' | 'alike' | 'other';

export function describeOrigin(summary: DataSummary): TrainedOn {
  const { features, preparation, name } = summary;
  return { inputs: features, outputs: countOutputs(summary), preparation, data: { name, bundled: false } };
}

export function compareData({ inputs, outputs, preparation, data }: TrainedOn, now: DataSummary): Likeness {
  if (inputs !== now.features || outputs !== countOutputs(now)) return 'other';
  if (!preparation) return data === undefined || data.name === now.name ? 'alike' : 'other';
  if (!haveSameColumns(preparation, now.preparation)) return 'other';
  // The means of a table's columns are those of its rows; images say nothing of theirs but the name.
  const isSame = isEqual(preparation, now.preparation) && ('means' in preparation || data?.name === now.name);
  return isSame ? 'same' : 'alike';
}

function haveSameColumns(before: Preparation, now: Preparation): boolean {
  return isEqual(columnsOf(before), columnsOf(now));
}

/** What must be the same for a model to take the data; images are compared by the number of their pixels. */
function columnsOf(preparation: Preparation): unknown {
  const { kind } = preparation;
  if (kind === 'images') return kind;
  if (kind === 'regressionArrays') return [kind, preparation.shape, preparation.targets];
  if (kind === 'arrays') return [kind, preparation.shape, preparation.classNames];
  if (kind === 'regression') return [kind, preparation.columns, preparation.targets];
  return [kind, preparation.columns, preparation.target, preparation.classNames];
}

/** The number of outputs that a model of the data has: one for each class or target. */
function countOutputs({ classNames, targets }: DataSummary): number {
  return classNames.length + targets.length;
}

/** Compares values as JSON stores them, whatever the order of their keys. */
function isEqual(first: unknown, second: unknown): boolean {
  const write = (value: unknown): string =>
    JSON.stringify(value, (_, each: unknown) =>
      typeof each === 'object' && each !== null && !Array.isArray(each)
        ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
        : each,
    );
  return write(first) === write(second);
}

/** Warns where a model meets data other than its own; undefined where they are the same. */
export function warnOfOtherData(model: TrainedOn, now: DataSummary): string | undefined {
  const likeness = compareData(model, now);
  if (likeness === 'same') return undefined;
  const own = model.data ? `on ${model.data.name}` : 'on data that it does not name';
  const choose = model.data ? `Choose ${model.data.name} to see it at work or to resume.` : 'Choose its data.';
  if (likeness === 'alike') {
    return `This model was trained ${own}, but not on exactly the data here, which are ${now.name}: what it says of them may mean little. ${choose}`;
  }
  const gives =
    model.preparation?.kind === 'regression'
      ? `predicts ${model.preparation.targets.join(', ')}`
      : `tells ${countOf(model.outputs, 'class', 'classes')} apart`;
  const takes = `${countOf(model.inputs, 'number')} for each row, and ${gives}`;
  return `This model was trained ${own}, and cannot be used on the data here, which are ${now.name}: it takes ${takes}. ${choose}`;
}
