/** Writes the report of `equilibra train --report`. */
import type { Engine, EpochProgress, Evaluation, Model } from '../index.ts';
import { writeOutput } from './files.ts';
import { type Appearance, chooseAppearance, createTableAppearance, findMistakes } from './mistakes.ts';
import type { FactGroups } from './report/page.ts';
import { trainingReport } from './report/report.ts';
import type { TrainingData } from './training-data.ts';
import type { TrainingSettings } from './training-settings.ts';
import { readVersion } from './version.ts';

export interface TrainingRun {
  readonly data: TrainingData;
  readonly settings: TrainingSettings;
  readonly model: Model;
  readonly engine: Engine;
  /** At least one epoch, with those before the run was resumed. */
  readonly epochs: readonly EpochProgress[];
  /** The evaluation on the held-out rows. */
  readonly evaluation: Evaluation;
  readonly seconds: number;
  /** How training ended, if not after the last epoch. */
  readonly end: string | undefined;
}

export async function writeTrainingReport(path: string, run: TrainingRun): Promise<void> {
  const { data, settings, model, engine, epochs, evaluation, seconds, end } = run;
  const { dataset, classNames } = data;
  const facts = [
    {
      heading: 'Data',
      entries: [
        ['name', dataset.name],
        ['training rows', String(dataset.train.count)],
        ['held-out rows', String(dataset.test.count)],
        ['classes', String(dataset.classes)],
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
  const mistakes = findMistakes(dataset.test, await model.predict(dataset.test.inputs), chooseDataAppearance(data));
  const title = `Training on ${dataset.name}`;
  const text = trainingReport({ title, classNames, facts, history: epochs, evaluation, mistakes, seconds });
  await writeOutput('report', path, text);
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

function chooseDataAppearance({ dataset, origin }: TrainingData): Appearance {
  if (!origin) return chooseAppearance(dataset.featureShape);
  const { table, dataset: own } = origin;
  const names = own.preparation.columns.map(({ name }) => name);
  return createTableAppearance(table, names, (index) => own.rows.test[index]);
}
