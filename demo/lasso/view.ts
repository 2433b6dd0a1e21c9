/**
 * The view of the Lasso path: a slider for log λ, the features in the model, and the held-out error with its gradient.
 */
import { formatSignificant } from '../../src/pictures/numbers.ts';
import { formatSigned, WIDTH } from '../../src/pictures/plot.ts';
import { takeDrops } from '../page/drops.ts';
import {
  createElement,
  findButton,
  findElement,
  findInput,
  findSelect,
  hideElement,
  isAbort,
  readMessage,
  setText,
} from '../page/elements.ts';
import { keepFields } from '../page/keep-fields.ts';
import { createTrafficLight } from '../page/light.ts';
import { countOf } from '../page/words.ts';
import { type TableChoice, withTarget } from '../tables/choice.ts';
import { openTable, type TableOpener } from '../tables/open.ts';
import { createCaller } from '../workers/calls.ts';
import { drawError, drawPath, readLogLambda } from './pictures.ts';
import type { Knot, LassoCalls, LocalFigures, PathPoint, PathSummary, RegressionSource } from './protocol.ts';

const DIABETES = { kind: 'diabetes' } as const;

interface Opened {
  readonly source: RegressionSource;
  readonly summary: PathSummary;
}

/** Milliseconds for which each point of the search is shown. */
const STEP_SHOWN = 350;

export function startLasso(): void {
  const worker = new Worker(new URL('./lasso-worker.js', import.meta.url), { type: 'module', name: 'lasso' });
  const ask = createCaller<LassoCalls>(worker);
  const light = createTrafficLight(findElement('lasso-light', HTMLElement));
  const slider = findInput('lasso-lambda');
  const split = findInput('lasso-split-number');
  const kept = keepFields('lasso', { lambda: slider, split }, (sentence) => setText('lasso-problem', sentence));
  /** Where the address or the last visit left λ. */
  let left = slider.value === slider.defaultValue ? undefined : Number(slider.value);
  let source: RegressionSource = DIABETES;
  let summary: PathSummary | undefined;
  let knots: readonly Knot[] = [];
  let visited: PathPoint[] = [];
  let wanted: number | undefined;
  let isBusy = false;
  let tuning: AbortController | undefined;

  const draw = (at: PathPoint): void => {
    if (!summary) return;
    const shown = { summary, knots, at, visited };
    findElement('lasso-path', HTMLElement).innerHTML = drawPath(shown).text;
    findElement('lasso-error', HTMLElement).innerHTML = drawError(shown).text;
    slider.value = String(at.logLambda);
    slider.setAttribute('aria-valuetext', `log λ ${formatSignificant(at.logLambda, 3)}`);
    setText('lasso-lambda-text', formatSignificant(at.logLambda, 4));
    setText('lasso-figure-error', at.error.toPrecision(5));
    setText('lasso-figure-gradient', formatSignificant(at.gradient, 3));
    setText(
      'lasso-figure-support',
      `${at.coefficients.filter((value) => value !== 0).length} of ${summary.featureNames.length}`,
    );
  };
  const tell = (local: LocalFigures): void => {
    draw(local);
    light.show(local.status, local.reason);
    const names = local.kinks.map((feature) => summary?.featureNames[feature]).join(', ');
    setText(
      'lasso-state',
      local.kinks.length === 0
        ? 'Between knots: the error has one derivative.'
        : `At the knot of ${names}: the slope is ${formatSignificant(local.left, 4)} to the left and ${formatSignificant(local.right, 4)} to the right.`,
    );
  };
  /** Solves at the latest log λ that was asked for. Requests that a newer one replaces are skipped. */
  const go = async (logLambda: number): Promise<void> => {
    wanted = logLambda;
    if (isBusy) return;
    isBusy = true;
    while (wanted !== undefined) {
      const next = wanted;
      wanted = undefined;
      await ask('at', next).then(tell, (error: unknown) => setText('lasso-state', readMessage(error)));
    }
    isBusy = false;
  };
  const within = (logLambda: number): number => Math.min(Number(slider.max), Math.max(Number(slider.min), logLambda));
  const stopTuning = (): void => {
    tuning?.abort();
    tuning = undefined;
    findButton('lasso-tune').textContent = 'Tune λ';
  };
  const open = (asked: RegressionSource): Promise<PathSummary> =>
    ask('open', { source: asked, seed: Number(split.value) });
  const opener: TableOpener<PathSummary> = { purpose: 'numbers', inspect: (input) => ask('inspect', input), open };
  /** Shows other data, unless their user leaves it at that. */
  const choose = async (read: () => Promise<Opened | undefined>): Promise<void> => {
    stopTuning();
    setText('lasso-problem', '');
    try {
      const opened = await read();
      if (!opened) return summary && showSummary(summary);
      const { summary: found } = opened;
      source = opened.source;
      summary = found;
      knots = [];
      visited = [];
      showSummary(found);
      const { path } = found;
      slider.min = String(path[0].logLambda);
      slider.max = String(path[path.length - 1].logLambda);
      await go(left === undefined ? path[Math.round(0.6 * path.length)].logLambda : within(left));
      left = undefined;
      const known = await ask('knots', undefined);
      if (summary !== found) return;
      knots = known;
      listKnots(known, found, (logLambda) => {
        stopTuning();
        void go(logLambda).then(kept.changed);
      });
      await go(Number(slider.value));
    } catch (error) {
      if (summary) showSummary(summary); // the data from before are shown, and so is their target
      setText('lasso-problem', readMessage(error));
    }
  };
  const tune = async (): Promise<void> => {
    if (tuning) return stopTuning();
    tuning = new AbortController();
    const { signal } = tuning;
    visited = [];
    findButton('lasso-tune').textContent = 'Stop';
    try {
      const points: PathPoint[] = [];
      const last = await ask('tune', Number(slider.value), { signal, onPart: (point) => void points.push(point) });
      // The search goes further down than the path is shown.
      const least = Number(slider.min);
      for (const point of points.filter(({ logLambda }) => logLambda >= least)) {
        visited.push(point);
        draw(point);
        await new Promise((resolve) =>
          setTimeout(resolve, matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : STEP_SHOWN),
        );
        signal.throwIfAborted();
      }
      await go(Math.max(last.logLambda, least));
      kept.changed();
      setText(
        'lasso-state',
        last.logLambda < least
          ? 'The error falls to the end of the path: with these rows a penalty does not help.'
          : `Tuned in ${countOf(points.length, 'step')}: error ${last.error.toPrecision(5)} at log λ = ${formatSignificant(last.logLambda, 4)}.`,
      );
      stopTuning();
    } catch (error) {
      if (!isAbort(error)) setText('lasso-state', readMessage(error));
    }
  };

  slider.addEventListener('input', () => {
    stopTuning();
    void go(Number(slider.value));
  });
  findElement('lasso-error', HTMLElement).addEventListener('click', ({ clientX, currentTarget }) => {
    const svg = (currentTarget as HTMLElement).querySelector('svg:not(.swatch)');
    if (!svg || !summary) return;
    stopTuning();
    const { left, width } = svg.getBoundingClientRect();
    const at = readLogLambda(summary, ((clientX - left) / width) * WIDTH);
    void go(within(at)).then(kept.changed);
  });
  findButton('lasso-tune').addEventListener('click', () => void tune());
  /** Reads the data again; their user is asked where the choice leaves something open. */
  const chooseAgain = (change?: (choice: TableChoice) => TableChoice): void => {
    const now = source;
    if (now.kind === 'diabetes') return void choose(async () => ({ source: now, summary: await open(now) }));
    const known = change ? change(now.choice) : now.choice;
    return void choose(() => openTable(now.file, opener, { known, always: !change }));
  };
  const chooseFile = (file: File | undefined): void => {
    if (file) void choose(() => openTable(file, opener));
  };
  findButton('lasso-split').addEventListener('click', () => {
    split.value = String((split.checkValidity() ? Number(split.value) : 0) + 1);
    split.dispatchEvent(new Event('input'));
  });
  split.addEventListener('input', () => {
    if (split.checkValidity()) chooseAgain((choice) => choice);
  });
  findButton('lasso-columns').addEventListener('click', () => chooseAgain());
  findButton('lasso-diabetes').addEventListener('click', () => {
    void choose(async () => ({ source: DIABETES, summary: await open(DIABETES) }));
  });
  const files = findInput('lasso-file');
  files.addEventListener('change', () => {
    chooseFile(files.files?.[0]);
    files.value = '';
  });
  takeDrops(
    findElement('view-lasso', HTMLElement),
    findElement('lasso-data', HTMLElement),
    () => true,
    ([file]) => chooseFile(file),
  );
  findSelect('lasso-target').addEventListener('change', ({ target }) =>
    chooseAgain((choice) => withTarget(choice, (target as HTMLSelectElement).value)),
  );
  chooseAgain((choice) => choice);
}

function showSummary({ name, rows, featureNames, target, columns, remarks }: PathSummary): void {
  const isDiabetes = columns.length === 0;
  setText('lasso-name', isDiabetes ? 'Diabetes' : name);
  const held = `${rows.heldOut.toLocaleString('en')} ${rows.heldOut === 1 ? 'is' : 'are'} held out`;
  const explain = `${countOf(featureNames.length, 'feature')} ${featureNames.length === 1 ? 'explains' : 'explain'} ${target}`;
  const facts = `${countOf(rows.training, 'row')} train, ${held}; ${explain}`;
  setText('lasso-facts', [facts, ...remarks].join('. '));
  for (const id of ['lasso-diabetes', 'lasso-columns', 'lasso-target-label']) {
    const element = findElement(id, HTMLElement);
    if (isDiabetes) hideElement(element, findInput('lasso-file'));
    else element.hidden = false;
  }
  findSelect('lasso-target').replaceChildren(
    ...columns.map((column) => new Option(column, column, column === target, column === target)),
  );
}

function listKnots(knots: readonly Knot[], { featureNames }: PathSummary, go: (logLambda: number) => void): void {
  const rows = knots.map(({ logLambda, feature, enters, left, right }) => {
    const link = createElement('button', { type: 'button', class: 'plain' }, formatSignificant(logLambda, 4));
    link.addEventListener('click', () => go(logLambda));
    return createElement(
      'tr',
      {},
      createElement('th', { scope: 'row' }, link),
      createElement('td', {}, `${featureNames[feature]} ${enters ? 'enters' : 'leaves'}`),
      createElement('td', {}, formatSlope(left)),
      createElement('td', {}, formatSlope(right)),
    );
  });
  findElement('lasso-knots', HTMLTableSectionElement).replaceChildren(...rows);
}

function formatSlope(slope: number): string {
  return Number.isFinite(slope) ? formatSigned(Number(slope.toPrecision(4))) : '–';
}
