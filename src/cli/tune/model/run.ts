/** `equilibra tune --model`, of all models but the Lasso. */
import { type Arguments, readChoice, readCount } from '../../options.ts';
import { refuseOptions } from '../../table-options.ts';
import { printRemarks } from '../../wording.ts';
import { type RowSplit, readSplit } from '../criterion.ts';
import { type PreparedTuning, printIntroduction, type Session, showProgress } from '../session.ts';
import { formatNumber } from '../text.ts';
import { type ModelData, readModelData } from './data.ts';
import { type ModelName, modelOf } from './models.ts';
import { createModelJSON, formatModelText, introduceModel } from './outcome.ts';
import { type ModelSettings, ModelTuning } from './tuning.ts';
import { listModelWarnings } from './warnings.ts';

/** @throws InputError that names the option, or the file, and says what is wrong with it */
export async function prepareModel(given: Arguments, model: ModelName): Promise<PreparedTuning> {
  const settings = readSettings(given);
  const data = await readModelData(given, model);
  const split = readSplit(given, data.scaled.count);
  return {
    data,
    run: (session) => runModel(data, split, settings, { ...session, isJSON: given.options.json === 'true' }),
  };
}

function readSettings(given: Arguments): ModelSettings {
  const optimiser = readChoice(given, 'optimiser', ['descent', 'grid']) ?? 'descent';
  if (optimiser === 'grid') refuseOptions(given, ['limit'], 'a grid has none');
  const limit = readCount(given, 'limit', undefined);
  return { optimiser, limit, nonNegative: given.options['non-negative'] === 'true' };
}

async function runModel(
  data: ModelData,
  split: RowSplit,
  settings: ModelSettings,
  { io, engine, interruption, isJSON }: Session & { readonly isJSON: boolean },
): Promise<void> {
  const started = performance.now();
  if (!isJSON) printIntroduction(io, data, engine, introduceModel(data));
  const tuning = new ModelTuning(engine, data, split, settings, interruption);
  const name = modelOf(data.model).loss === undefined ? 'C' : 'λ';
  const { search, grid, fitted } = await showProgress(io, async (progress) => {
    let evaluations = 0;
    const search = await tuning.search(({ at, value }) => {
      evaluations += 1;
      progress(`evaluation ${evaluations}  ${name} ${formatNumber(Math.exp(at))}  criterion ${formatNumber(value, 7)}`);
    });
    if (settings.optimiser === 'descent') progress('a grid to compare with');
    const grid = settings.optimiser === 'descent' ? await tuning.grid() : search;
    return { search, grid, fitted: await tuning.fit(search.best.at) };
  });
  const warnings = listModelWarnings(data, search, fitted);
  const seconds = (performance.now() - started) / 1000;
  const outcome = { engine, data, criterion: split.name, ...settings, tuning, search, grid, fitted, warnings, seconds };
  if (isJSON) {
    io.out(`${JSON.stringify(createModelJSON(outcome))}\n`);
    return;
  }
  io.out(formatModelText(outcome));
  printRemarks(io, 'warning', warnings);
  io.out(`${seconds.toFixed(1)} s in all\n`);
}
