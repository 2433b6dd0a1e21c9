/** The report that `equilibra train --report` writes. */
import type { Engine, EpochProgress, Evaluation, Model, Prediction } from '../index.ts';
import { writeFor } from './files.ts';
import type { Mistake, Mistakes } from './report/mistakes.ts';
import { trainingReport } from './report/report.ts';
import type { TrainingData } from './training-data.ts';
import type { TrainingSettings } from './training-settings.ts';
import { version } from './version.ts';

/** As many mistakes are shown. */
const SHOWN = 40;

/** As many columns of a table are shown. */
const COLUMNS = 30;

export interface TrainingRun {
  readonly data: TrainingData;
  readonly settings: TrainingSettings;
  readonly model: Model;
  readonly engine: Engine;
  /** At least one; those before a run was taken up too. */
  readonly epochs: readonly EpochProgress[];
  /** On the held-out part. */
  readonly evaluation: Evaluation;
  readonly seconds: number;
  /** How training ended, where it was not after the last epoch. */
  readonly end: string | undefined;
}

export async function writeReport(path: string, run: TrainingRun): Promise<void> {
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
    {
      heading: 'Model',
      entries: [
        ['layers', layersOf(model)],
        ['parameters', String(parameterCount(model))],
      ] as const,
    },
    {
      heading: 'Training',
      entries: [...(end === undefined ? [] : [['ended', end] as const]), ...settingFacts(settings)],
    },
    {
      heading: 'Machine',
      entries: [
        ['backend', engine.backend],
        ['adapter', engine.adapter.description],
        ['equilibra', version()],
        ['finished', `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`],
      ] as const,
    },
  ];
  const mistakes = mistakesOf(data, await model.predict(dataset.test.inputs));
  const title = `Training on ${dataset.name}`;
  const text = trainingReport({ title, classNames, facts, history: epochs, evaluation, mistakes, seconds });
  await writeFor('report', path, text);
}

/** The options of the training, besides those that the model's layers and the machine tell. */
function settingFacts({ chosen }: TrainingSettings): (readonly [string, string])[] {
  const { width, backend, ...rest } = chosen;
  return Object.entries(rest);
}

export function layersOf(model: Model): string {
  return model.layers.map(({ kind, inputs, outputs }) => `${kind} ${inputs} → ${outputs}`).join(', ');
}

export function parameterCount(model: Model): number {
  const shapes = model.layers.flatMap((layer) => layer.parameters.map(({ shape }) => shape));
  return shapes.reduce((sum, shape) => sum + shape.reduce((size, extent) => size * extent, 1), 0);
}

/** The held-out rows that were classified wrongly, the surest first. */
function mistakesOf({ dataset, origin }: TrainingData, { classes, probabilities }: Prediction): Mistakes {
  const { inputs, labels, count, features } = dataset.test;
  const mistakes: (Mistake & { index: number })[] = [];
  for (let index = 0; index < count; index++) {
    const predicted = classes[index];
    const probability = probabilities[index * dataset.classes + predicted];
    if (predicted !== labels[index]) mistakes.push({ index, label: labels[index], predicted, probability });
  }
  const shown = mistakes.sort((a, b) => b.probability - a.probability).slice(0, SHOWN);
  const shape = dataset.featureShape;
  if (!origin && (shape.length === 2 || (shape.length === 3 && shape[2] === 3))) {
    const pixels = (index: number): Float32Array => inputs.subarray(index * features, (index + 1) * features);
    return { kind: 'images', shape, shown: shown.map((each) => ({ ...each, pixels: pixels(each.index) })) };
  }
  if (!origin) {
    const numbered = shown.map((each) => ({ ...each, number: each.index, cells: [] }));
    return { kind: 'rows', counted: 'No.', columns: [], shown: numbered };
  }
  const { table, dataset: own } = origin;
  const columns = own.preparation.columns.slice(0, COLUMNS).map(({ name }) => name);
  const places = columns.map((name) => table.columns.indexOf(name));
  const rows = shown.map((each) => {
    const row = own.rows.test[each.index];
    return { ...each, number: table.lines[row], cells: places.map((place) => table.rows[row][place]) };
  });
  return { kind: 'rows', counted: 'Line', columns, shown: rows };
}
