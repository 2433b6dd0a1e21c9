/** The view for training a model. */
import { downloadCheckpoint } from '../../src/train/checkpoint/download.ts';
import type { DataSummary, ModelCalls, ModelSummary } from '../model/protocol.ts';
import { namePlace, showDevice } from '../page/device.ts';
import { findButton, findInput, readMessage, setText } from '../page/elements.ts';
import type { Caller } from '../workers/calls.ts';
import { createDataChoice } from './data-choice.ts';
import { createSettingsForm } from './form.ts';
import { RunHistory } from './history.ts';
import { createPad } from './pad.ts';
import { createProgressView, formatPercent } from './progress-view.ts';
import { createReachView } from './reach-view.ts';
import { type RunEvents, type RunState, startRun, type TrainingRun } from './run.ts';
import { createSamplesGrid } from './samples.ts';
import { readSettings, type Settings } from './settings.ts';

/** A checkpoint from which training can go on, with its settings. */
interface Resumable {
  readonly bytes: Uint8Array;
  readonly settings: Settings;
}

export function startTraining(ask: Caller<ModelCalls>): void {
  const worker = new Worker(new URL('./training-worker.js', import.meta.url), { type: 'module', name: 'training' });
  const history = new RunHistory();
  let run: TrainingRun | undefined;
  let state: RunState | 'ready' = 'ready';
  let place = { epoch: 0, step: 0, steps: 1, epochs: 1 };
  let latest: Uint8Array<ArrayBuffer> | undefined;
  let loaded: Resumable | undefined;
  let where = '';

  const form = createSettingsForm();
  const progress = createProgressView(history, () => shareDone());
  const reach = createReachView((wanted, onPart, signal) => ask('reach', wanted, { onPart, signal }));
  const pad = createPad((image) => {
    samples.release();
    follow(image);
  });
  const samples = createSamplesGrid((_row, inputs) => {
    if (data.summary?.kind === 'images') pad.show(inputs);
    follow(inputs);
  });
  const data = createDataChoice(
    (source) => ask('open', source),
    (summary) => {
      pad.expect(summary.kind === 'images' ? summary.featureShape : undefined);
      chosen = undefined;
      reach.expect(summary.classNames);
      samples.show(summary);
      void lookAgain();
    },
  );
  let model: ModelSummary | undefined;

  function shareDone(): number {
    const { epoch, step, steps, epochs } = place;
    return state === 'finished' ? 1 : Math.min(1, (epoch + step / steps) / epochs);
  }

  /**
   * The row whose fixed point is shown. The solver is followed once there is a model, and again with each newer one.
   */
  let chosen: Float32Array | undefined;

  function follow(inputs: Float32Array | undefined): void {
    chosen = inputs;
    if (model && data.summary?.features === model.inputs) reach.follow(inputs);
    else if (inputs) setText('reach-state', 'There is no model for these data yet: train one, or load a checkpoint.');
  }

  /** Classifies the held-out rows with the current model. */
  async function lookAgain(): Promise<void> {
    if (!model || data.summary?.features !== model.inputs || data.summary.classNames.length !== model.outputs) return;
    try {
      samples.predicted(await ask('predictions', undefined));
    } catch (error) {
      setText('samples-facts', readMessage(error));
    }
  }

  const take = createLatestOnly(async (bytes: Uint8Array) => {
    model = await ask('model', bytes);
    await lookAgain();
    follow(chosen);
  });

  const events: RunEvents = {
    onState(next, message) {
      state = next;
      if (next === 'recovering') {
        const at = latest ? checkpointPlace : { epoch: 0, step: 0 };
        history.cut(at.epoch * place.steps + at.step, at.epoch);
        place = { ...place, ...at };
      }
      if (next === 'failed') setText('run-problem', message ?? 'Training failed.');
      showState(next, message);
      progress.changed();
    },
    onEngine(engine) {
      where = namePlace(engine);
      showDevice(engine);
    },
    onProgress(told) {
      if (told.kind === 'step') {
        history.addStep(told);
        place = { epoch: told.epoch - 1, step: told.step, steps: told.steps, epochs: told.epochs };
        if (state === 'running') describe(told.secondsLeft);
      } else history.epochs.push(told);
      progress.changed();
    },
    onCheckpoint(bytes, info) {
      latest = bytes;
      checkpointPlace = info;
      findButton('download').disabled = false;
      take(bytes);
    },
  };
  let checkpointPlace = { epoch: 0, step: 0 };

  function describe(secondsLeft: number | undefined): void {
    const { epoch, epochs } = place;
    const time = (seconds: number): string =>
      seconds >= 60 ? `${Math.round(seconds / 60)} min` : `${Math.ceil(seconds)} s`;
    const left = secondsLeft === undefined ? '' : `, about ${time(secondsLeft)} left`;
    setText('state', `Training on ${where}: epoch ${epoch + 1} of ${epochs}${left}.`);
  }

  function showState(next: RunState, message?: string): void {
    const isRunning = ['opening', 'running', 'paused', 'recovering'].includes(next);
    findButton('start').disabled = isRunning;
    findButton('start').textContent = loaded && !isRunning ? 'Resume training' : 'Start training';
    findButton('pause').disabled = next !== 'running' && next !== 'paused';
    findButton('pause').textContent = next === 'paused' ? 'Continue' : 'Pause';
    findButton('stop').disabled = !isRunning;
    form.lock(isRunning);
    const { epoch } = place;
    const ending = history.epochs[history.epochs.length - 1]?.validation;
    const result = ending ? ` Held-out accuracy ${formatPercent(ending.accuracy)}.` : '';
    const sentences: Record<RunState, string> = {
      opening: 'Reading the data and opening the device.',
      running: `Training on ${where}.`,
      paused: `Paused in epoch ${epoch + 1}.`,
      recovering: `${message} Opening the device again; training goes on from ${latest ? 'the last checkpoint' : 'the start'}.`,
      stopped: `Stopped in epoch ${epoch + 1}; Resume goes on from there.${result}`,
      finished: `Finished: ${history.steps.length} steps in ${history.epochs.length} ${history.epochs.length === 1 ? 'epoch' : 'epochs'}.${result}`,
      failed: 'Training ended with an error.',
    };
    setText('state', sentences[next]);
  }

  async function begin(): Promise<void> {
    const settings = form.read();
    if (!settings || !data.summary) return;
    setText('run-problem', '');
    const resume = loaded && isSameRun(loaded.settings, settings) ? loaded.bytes : undefined;
    if (!resume) {
      history.restore([], []);
      latest = undefined;
      place = { epoch: 0, step: 0, steps: 1, epochs: settings.epochs };
    }
    loaded = undefined;
    run = startRun(worker, { source: data.source, settings }, resume, events);
    await run.ended;
    if (state === 'stopped' && latest) {
      loaded = { bytes: latest, settings };
      showState('stopped');
    }
    findButton('start').focus({ preventScroll: true });
  }

  async function load(file: File): Promise<void> {
    setText('run-problem', '');
    try {
      const bytes = new Uint8Array(await file.arrayBuffer());
      const found = await ask('model', bytes);
      model = found;
      latest = bytes;
      findButton('download').disabled = false;
      const settings = found.options && readSettings(found.options);
      if (settings) form.write(settings);
      loaded = found.training && settings ? { bytes, settings } : undefined;
      history.restore(found.training?.losses ?? [], found.training?.epochs ?? []);
      findButton('start').textContent = loaded ? 'Resume training' : 'Start training';
      setText('state', describeLoaded(file.name, found, data.summary, loaded !== undefined));
      progress.changed();
      await lookAgain();
      follow(chosen);
    } catch (error) {
      setText('run-problem', `${file.name}: ${readMessage(error)}`);
    }
  }

  findButton('start').addEventListener('click', () => void begin());
  findButton('pause').addEventListener('click', () => {
    if (state !== 'paused') return run?.pause();
    history.interrupt();
    run?.continue();
  });
  findButton('stop').addEventListener('click', () => run?.stop());
  findButton('download').addEventListener('click', () => {
    if (latest) downloadCheckpoint(latest, `${data.summary?.name ?? 'model'}.equilibra`);
  });
  findInput('checkpoint').addEventListener('change', ({ target }) => {
    const field = target as HTMLInputElement;
    const [file] = field.files ?? [];
    field.value = '';
    if (file) void load(file);
  });
}

/** Whether two settings describe the same run. The backend and the number of epochs may differ. */
function isSameRun(before: Settings, now: Settings): boolean {
  const kept = ({ epochs, backend, ...rest }: Settings): string => JSON.stringify(Object.entries(rest).sort());
  return kept(before) === kept(now);
}

function describeLoaded(
  name: string,
  { width, training, data, inputs, classNames }: ModelSummary,
  now: DataSummary | undefined,
  canResume: boolean,
): string {
  const about = `${name}: a layer of width ${width}${training ? `, after ${training.epoch} epochs` : ''}${data ? `, trained on ${data.name}` : ''}.`;
  const fits = now && now.features === inputs && (!classNames || classNames.length === now.classNames.length);
  if (!fits) return `${about} It takes ${inputs} numbers for each row; choose the data that it was trained on.`;
  return `${about} ${canResume ? 'Resume goes on from there.' : 'The page can show it, but not resume its training; Start trains a new model.'}`;
}

/**
 * Returns a function that does one piece of work at a time. Of the calls in the meantime only the last is carried out.
 */
function createLatestOnly<Value>(work: (value: Value) => Promise<void>): (value: Value) => void {
  let next: { value: Value } | undefined;
  let isBusy = false;
  const go = async (): Promise<void> => {
    isBusy = true;
    while (next) {
      const { value } = next;
      next = undefined;
      await work(value).catch((error: unknown) => setText('samples-facts', readMessage(error)));
    }
    isBusy = false;
  };
  return (value) => {
    next = { value };
    if (!isBusy) void go();
  };
}
