/** Writes the report of `equilibra train --report`. */
import type { Engine, EpochProgress, Evaluation, Model, RegressionEvaluation, TaskName } from '../index.ts';
import { writeOutput } from './files.ts';
import { findLargestErrors } from './largest-errors.ts';
import { type Appearance, chooseAppearance, createTableAppearance, findMistakes } from './mistakes.ts';
import type { Outcome } from './report/outcome.ts';
import type { FactGroups } from './report/page.ts';
import { predictionReport } from './report/prediction-report.ts';
import { trainingReport } from './report/report.ts';
import { countWatched } from './start.ts';
import type { TrainingData } from './training-data.ts';
import type { TrainingSettings } from './training-settings.ts';
import { readVersion } from './version.ts';

export interface TrainingRun {
  readonly data: TrainingData;
  readonly settings: TrainingSettings;
  readonly model: Model;
  readonly engine: Engine;
  /** At least one epoch, with those before the run was resumed. */
  readonly epochs: readonly EpochProgress<TaskName>[];
  /** The evaluation on the held-out rows. */
  readonly evaluation: Evaluation | RegressionEvaluation;
  readonly seconds: number;
  /** How training ended, if not after the last epoch. */
  readonly end: string | undefined;
}

export async function writeTrainingReport(path: string, run: TrainingRun): Promise<void> {
  const { data, settings, model, engine, epochs, evaluation, seconds, end } = run;
  const { dataset } = data;
  const watched = countWatched(data, settings);
  const facts = [
    {
      heading: 'Data',
      entries: [
        ['name', dataset.name],
        ['training rows', String(dataset.train.count - watched)],
        ...(watched > 0 ? [['watched rows', `${watched}: training ends when they no longer improve`] as const] : []),
        ['held-out rows', String(dataset.test.count)],
        data.task === 'regression'
          ? (['targets', data.dataset.targetNames.join(', ')] as const)
          : (['classes', String(data.dataset.classes)] as const),
        ...data.facts,
      ] as const,
    },
    listModelFacts(model),
    {
      heading: 'Training',
      entries: [...(end === undefined ? [] : [['ended', end] as const]), ...listSettingFacts(settings)],
    },
    listMachineFacts(engine),
  ];
  const title = `Training on ${dataset.name}`;
  const outcome = await describeOutcome(data, model, evaluation);
  const text = trainingReport({ ...outcome, title, facts, history: epochs, seconds });
  await writeOutput('report', path, text);
}

async function describeOutcome(
  data: TrainingData,
  model: Model,
  evaluation: Evaluation | RegressionEvaluation,
): Promise<Outcome> {
  const appearance = chooseDataAppearance(data);
  if (data.task === 'regression') {
    const found = evaluation as RegressionEvaluation;
    const { targetNames, test } = data.dataset;
    const largest = findLargestErrors(found, test.targets, appearance);
    const isWeighted = test.weights !== undefined;
    return { numbers: { evaluation: found, targetNames, isWeighted, truth: test.targets, largest } };
  }
  const { test } = data.dataset;
  const mistakes = findMistakes(test, await model.predict(test.inputs), appearance);
  return { classNames: data.classNames, evaluation: evaluation as Evaluation, weights: test.weights, mistakes };
}

/** @param run.data with any rows held out: the facts that depend on them are left out */
export async function writeFoldReport(
  path: string,
  run: Pick<TrainingRun, 'data' | 'settings' | 'model' | 'engine'> & { folds: number; outcome: Outcome },
): Promise<void> {
  const { data, settings, model, engine, folds, outcome } = run;
  const { train, test, name } = data.dataset;
  const facts = [
    {
      heading: 'Data',
      entries: [
        ['name', name],
        [
          'rows',
          `${train.count + test.count}, in ${folds} folds; each row is judged by the model that has not seen it`,
        ],
        ...data.facts,
      ] as const,
    },
    listModelFacts(model),
    { heading: 'Training', entries: listSettingFacts(settings) },
    listMachineFacts(engine),
  ];
  await writeOutput('report', path, predictionReport({ title: `Cross-validation on ${name}`, facts, outcome }));
}

export function listModelFacts(model: Model): FactGroups[number] {
  return {
    heading: 'Model',
    entries: [
      ['layers', describeLayers(model)],
      ['parameters', String(countParameters(model))],
    ],
  };
}

export function listMachineFacts({ backend, adapter }: Engine): FactGroups[number] {
  return {
    heading: 'Machine',
    entries: [
      ['backend', backend],
      ['adapter', adapter.description],
      ['equilibra', readVersion()],
      ['finished', `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`],
    ],
  };
}

/** Lists the options of training, without those that the facts about model and machine show. */
function listSettingFacts({ chosen }: TrainingSettings): (readonly [string, string])[] {
  const { width, backend, ...rest } = chosen;
  return Object.entries(rest);
}

export function describeLayers(model: Model): string {
  return model.layers.map(({ kind, inputs, outputs }) => `${kind} ${inputs} → ${outputs}`).join(', ');
}

export function countParameters(model: Model): number {
  const shapes = model.layers.flatMap((layer) => layer.parameters.map(({ shape }) => shape));
  return shapes.reduce((sum, shape) => sum + shape.reduce((size, extent) => size * extent, 1), 0);
}

/** @param rows that are judged, by their numbers in the file. Default: those of the test part */
export function chooseDataAppearance(
  { dataset, origin, preparation }: TrainingData,
  rows?: readonly number[],
): Appearance {
  if (origin) {
    const { table, dataset: own } = origin;
    const names = own.preparation.columns.map(({ name }) => name);
    const judged = rows ?? own.rows.test;
    return createTableAppearance(table, names, (index) => judged[index]);
  }
  const appearance = chooseAppearance(preparation, dataset.test.shape);
  if (!rows || appearance.kind === 'images') return appearance;
  return { ...appearance, at: (index) => ({ number: rows[index], cells: [] }) };
}
