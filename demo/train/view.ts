/** The view for training a model. */
import type { TaskName } from '../../src/index.ts';
import { downloadCheckpoint } from '../../src/train/checkpoint/download.ts';
import type { DataSummary, ModelCalls, ModelSummary } from '../model/protocol.ts';
import { namePlace, showDevice } from '../page/device.ts';
import { allowPress, findButton, findInput, onPress, readMessage, setText } from '../page/elements.ts';
import { countOf } from '../page/words.ts';
import type { Caller } from '../workers/calls.ts';
import { adviseOnLoss, explainFailure } from './advice.ts';
import { createDataChoice } from './data-choice.ts';
import { createSettingsForm } from './form.ts';
import { RunHistory } from './history.ts';
import { createLatestOnly } from './latest-only.ts';
import { createPad } from './pad.ts';
import { createProgressView, describeHeldOut } from './progress-view.ts';
import { createReachView } from './reach-view.ts';
import { type RunEvents, type RunState, startRun, type TrainingRun } from './run.ts';
import { createSamplesGrid } from './samples.ts';
import { isSameRun, readSettings, type Settings } from './settings.ts';
import { compareData, describeOrigin, type TrainedOn, warnOfOtherData } from './trained-on.ts';

/** A checkpoint from which training can go on, with its settings and its data. */
interface Resumable {
  readonly bytes: Uint8Array;
  readonly settings: Settings;
  readonly origin: TrainedOn;
}

export function startTraining(ask: Caller<ModelCalls>): void {
  const workers = new Map<Settings['model'], Worker>();
  workerFor('monotone');
  const history = new RunHistory();
  let run: TrainingRun | undefined;
  let state: RunState | 'ready' = 'ready';
  let place = { epoch: 0, step: 0, steps: 1, epochs: 1 };
  let checkpointPlace = { epoch: 0, step: 0 };
  /** The latest checkpoint, and the name of its data. */
  let latest: { readonly bytes: Uint8Array<ArrayBuffer>; readonly name: string } | undefined;
  let resumable: Resumable | undefined;
  /** The data and settings of the run. */
  let under: { readonly data: DataSummary; readonly settings: Settings } | undefined;
  let where = '';
  let model: ModelSummary | undefined;
  /**
   * The row whose fixed point is shown. The solver is followed once there is a model, and again with each newer one.
   */
  let chosen: Float32Array | undefined;

  const form = createSettingsForm(() => showStart());
  const progress = createProgressView(
    history,
    () => shareDone(),
    () => findTask(),
  );
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
    { purpose: 'either', inspect: (input) => ask('inspect', input), open: (source) => ask('open', source) },
    (summary) => {
      pad.expect(summary.kind === 'images' ? summary.featureShape : undefined);
      form.offerImages(summary.kind === 'images');
      chosen = undefined;
      reach.expect(summary);
      samples.show(summary);
      if (model) forgetRun(model, summary);
      showStart();
      progress.changed();
      void lookAgain();
    },
  );

  /** The worker that trains models of this kind, which is started when there is the first one. */
  function workerFor(kind: Settings['model']): Worker {
    const path = kind === 'convolution' ? './image-training-worker.js' : './training-worker.js';
    const worker =
      workers.get(kind) ?? new Worker(new URL(path, import.meta.url), { type: 'module', name: 'training' });
    workers.set(kind, worker);
    return worker;
  }

  /** What the curves are of; before a run, what the data are for. */
  function findTask(): TaskName {
    const [epoch] = history.epochs;
    const isRegression = epoch ? !('accuracy' in epoch) : (data.summary?.targets.length ?? 0) > 0;
    return isRegression ? 'regression' : 'classification';
  }

  function shareDone(): number {
    const { epoch, step, steps, epochs } = place;
    return state === 'finished' ? 1 : Math.min(1, (epoch + step / steps) / epochs);
  }

  function isFitting(): boolean {
    return model !== undefined && data.summary !== undefined && compareData(model, data.summary) !== 'other';
  }

  function follow(inputs: Float32Array | undefined): void {
    chosen = inputs;
    if (isFitting()) reach.follow(inputs);
    else if (inputs) setText('reach-state', 'There is no model for these data yet: train one, or load a checkpoint.');
  }

  /** Classifies the held-out rows with the current model. */
  async function lookAgain(): Promise<void> {
    if (!isFitting()) return;
    try {
      samples.predicted(await ask('predictions', undefined));
    } catch (error) {
      setText('samples-facts', readMessage(error));
    }
  }

  /** Forgets the curves of a run over other data than those that are shown now. Its checkpoint can still be saved. */
  function forgetRun(of: TrainedOn, now: DataSummary): void {
    if (compareData(of, now) === 'same') return;
    history.restore([], []);
    place = { epoch: 0, step: 0, steps: 1, epochs: 1 };
    state = 'ready';
    setText('state', 'Ready: press Start.');
    setText('run-problem', warnOfOtherData(of, now) ?? '');
    progress.changed();
  }

  const take = createLatestOnly(async (bytes: Uint8Array) => {
    model = await ask('model', bytes);
    await lookAgain();
    follow(chosen);
  });

  const events: RunEvents = {
    onState(next, error) {
      state = next;
      if (next === 'recovering') {
        const at = latest ? checkpointPlace : { epoch: 0, step: 0 };
        history.cut(at.epoch * place.steps + at.step, at.epoch);
        place = { ...place, ...at };
      }
      if (next === 'failed' && under)
        setText('run-problem', explainFailure(error?.name ?? '', error?.message ?? 'Training failed.', under.settings));
      if (next === 'finished' && under) setText('run-problem', adviseOnLoss(history, under.settings) ?? '');
      showState(next, error?.message);
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
      latest = { bytes, name: under?.data.name ?? 'model' };
      checkpointPlace = info;
      allowPress(findButton('download'), true);
      take(bytes);
    },
  };

  function describe(secondsLeft: number | undefined): void {
    const { epoch, epochs } = place;
    const time = (seconds: number): string =>
      seconds >= 60 ? `${Math.round(seconds / 60)} min` : `${Math.ceil(seconds)} s`;
    const left = secondsLeft === undefined ? '' : `, about ${time(secondsLeft)} left`;
    setText('state', `Training on ${where}: epoch ${epoch + 1} of ${epochs}${left}.`);
  }

  /** The checkpoint from which Start would go on with these settings and data. */
  function findResumable(settings: Settings | undefined): Resumable | undefined {
    if (!resumable || !settings || !data.summary || !isSameRun(resumable.settings, settings)) return undefined;
    return compareData(resumable.origin, data.summary) === 'same' ? resumable : undefined;
  }

  function isRunning(): boolean {
    return ['opening', 'running', 'paused', 'recovering'].includes(state);
  }

  function showStart(): void {
    allowPress(findButton('start'), !isRunning());
    const goesOn = !isRunning() && findResumable(form.peek()) !== undefined;
    findButton('start').textContent = goesOn ? 'Resume training' : 'Start training';
  }

  function showState(next: RunState, message?: string): void {
    showStart();
    allowPress(findButton('pause'), next === 'running' || next === 'paused');
    findButton('pause').textContent = next === 'paused' ? 'Continue' : 'Pause';
    allowPress(findButton('stop'), isRunning());
    form.lock(isRunning());
    const { epoch } = place;
    const result = describeHeldOut(history.epochs[history.epochs.length - 1]);
    const sentences: Record<RunState, string> = {
      opening: 'Reading the data and opening the device.',
      running: `Training on ${where}.`,
      paused: `Paused in epoch ${epoch + 1}.`,
      recovering: `${message} Opening the device again; training goes on from ${latest ? 'the last checkpoint' : 'the start'}.`,
      stopped: `Stopped in epoch ${epoch + 1}; ${latest ? 'Resume goes on from there' : 'Start begins anew'}.${result}`,
      finished: `Finished: ${countOf(history.steps.length, 'step')} in ${countOf(history.epochs.length, 'epoch')}.${result}`,
      failed: 'Training ended with an error.',
    };
    setText('state', sentences[next]);
  }

  async function begin(): Promise<void> {
    const settings = form.read();
    if (!settings || !data.summary) return;
    setText('run-problem', '');
    const resume = findResumable(settings)?.bytes;
    if (!resume) {
      history.restore([], []);
      latest = undefined;
      allowPress(findButton('download'), false);
      place = { epoch: 0, step: 0, steps: 1, epochs: settings.epochs };
    }
    resumable = undefined;
    under = { data: data.summary, settings };
    run = startRun(workerFor(settings.model), { source: data.source, settings }, resume, events);
    await run.ended;
    if (state !== 'stopped' || !latest) return;
    resumable = { bytes: latest.bytes, settings, origin: describeOrigin(under.data) };
    showState('stopped');
  }

  async function load(file: File): Promise<void> {
    setText('run-problem', '');
    try {
      const bytes = new Uint8Array(await file.arrayBuffer());
      const found = await ask('model', bytes);
      model = found;
      latest = { bytes, name: found.data?.name ?? file.name.replace(/\.equilibra$/, '') };
      allowPress(findButton('download'), true);
      const settings = found.options && readSettings(found.options);
      if (settings) form.write(settings);
      resumable = found.training && settings ? { bytes, settings, origin: found } : undefined;
      history.restore(found.training?.losses ?? [], found.training?.epochs ?? []);
      setText('state', describeLoaded(file.name, found, resumable !== undefined));
      if (data.summary) setText('run-problem', warnOfOtherData(found, data.summary) ?? '');
      showStart();
      progress.changed();
      samples.predicted(undefined);
      await lookAgain();
      follow(chosen);
    } catch (error) {
      setText('run-problem', `${file.name}: ${readMessage(error)}`);
    }
  }

  onPress('start', () => void begin());
  onPress('pause', () => {
    if (state !== 'paused') return run?.pause();
    history.interrupt();
    run?.continue();
  });
  onPress('stop', () => run?.stop());
  onPress('download', () => {
    if (latest) downloadCheckpoint(latest.bytes, `${latest.name}.equilibra`);
  });
  findInput('checkpoint').addEventListener('change', ({ target }) => {
    const field = target as HTMLInputElement;
    const [file] = field.files ?? [];
    field.value = '';
    if (file) void load(file);
  });
}

function describeLoaded(name: string, { about, training, data }: ModelSummary, canResume: boolean): string {
  const after = training ? `, after ${countOf(training.epoch, 'epoch')}` : '';
  const loaded = `${name}: ${about}${after}${data ? `, trained on ${data.name}` : ''}.`;
  return `${loaded} ${canResume ? 'Resume goes on from there.' : 'The page can show it, but not resume its training; Start trains a new model.'}`;
}
