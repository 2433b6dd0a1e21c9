/** The choice of the training data: the digits, or files that the user chooses or drops. */

import type { TaskName } from '../../src/index.ts';
import type { DataSummary } from '../model/protocol.ts';
import { takeDrops } from '../page/drops.ts';
import { findButton, findElement, findInput, findSelect, hideElement, readMessage, setText } from '../page/elements.ts';
import { countOf } from '../page/words.ts';
import { type TableChoice, withTarget } from '../tables/choice.ts';
import { openTable, type TableOpener } from '../tables/open.ts';
import { type DataSource, DIGITS, recogniseSource } from './data.ts';

interface Opened {
  readonly source: DataSource;
  readonly summary: DataSummary;
}

interface DataChoice {
  readonly source: DataSource;
  readonly summary: DataSummary | undefined;
}

/**
 * @param opener reads the data in a worker, and rejects where something is wrong with them
 * @param onData called whenever other data have been read
 */
export function createDataChoice(
  opener: TableOpener<DataSummary> & { open(source: DataSource): Promise<DataSummary> },
  onData: (summary: DataSummary) => void,
): DataChoice {
  let source: DataSource = DIGITS;
  let summary: DataSummary | undefined;
  let attempt = 0;

  /** Reads new data. Where that fails, or the user leaves it at that, the previous data remain. */
  const choose = async (read: () => Promise<Opened | undefined>): Promise<void> => {
    const own = ++attempt;
    setText('data-problem', '');
    findElement('drop', HTMLElement).setAttribute('aria-busy', 'true');
    try {
      const found = await read();
      if (own !== attempt) return;
      if (found) ({ source, summary } = found);
      if (summary) showData(summary, source); // also where nothing new was chosen: the target is then as before
      if (found) onData(found.summary);
    } catch (error) {
      if (own !== attempt) return;
      if (summary) showData(summary, source);
      setText('data-problem', readMessage(error));
    } finally {
      findElement('drop', HTMLElement).removeAttribute('aria-busy');
    }
  };
  const chooseDigits = (): Promise<void> =>
    choose(async () => ({ source: DIGITS, summary: await opener.open(DIGITS) }));
  /** @param change changes what has been chosen about the table so far; undefined asks about it */
  const chooseAgain = (change?: (choice: TableChoice) => TableChoice): void => {
    if (source.kind !== 'table') return;
    const { file, choice } = source;
    void choose(() => openTable(file, opener, change ? { known: change(choice) } : { known: choice, always: true }));
  };
  const chooseFiles = (given: readonly File[]): void => {
    if (given.length === 0) return;
    void choose(async () => {
      const found = recogniseSource(given);
      return found.kind === 'table'
        ? openTable(found.file, opener)
        : { source: found, summary: await opener.open(found) };
    });
  };

  const files = findInput('files');
  files.addEventListener('change', () => {
    chooseFiles([...(files.files ?? [])]);
    files.value = ''; // so that the same file can be chosen again
  });
  const isOpen = (): boolean => !files.matches(':disabled');
  takeDrops(findElement('view-train', HTMLElement), findElement('drop', HTMLElement), isOpen, chooseFiles);
  findButton('use-digits').addEventListener('click', () => void chooseDigits());
  findButton('columns').addEventListener('click', () => chooseAgain());
  const target = findSelect('target');
  target.addEventListener('change', () => chooseAgain((choice) => withTarget(choice, target.value)));
  const task = findSelect('task');
  task.addEventListener('change', () => chooseAgain((choice) => ({ ...choice, task: task.value as TaskName })));
  void chooseDigits();
  return {
    get source() {
      return source;
    },
    get summary() {
      return summary;
    },
  };
}

function showData(
  { name, kind, trainCount, testCount, featureShape, classNames, targets, columns, target, remarks }: DataSummary,
  source: DataSource,
): void {
  setText('data-name', source.kind === 'digits' ? 'Handwritten digits' : name);
  const rows =
    kind === 'images'
      ? `${countOf(trainCount, 'image')} of ${featureShape.join(' × ')}`
      : `${countOf(trainCount, 'row')} of ${countOf(featureShape[0], 'feature')}`;
  const isRegression = targets.length > 0;
  const predicted = isRegression ? `numbers are predicted` : countOf(classNames.length, 'class', 'classes');
  const facts = `${rows}, ${testCount.toLocaleString('en')} held out; ${predicted}`;
  setText('data-facts', [facts, ...remarks].join('. '));
  const files = findInput('files');
  const shown: readonly (readonly [id: string, isShown: boolean])[] = [
    ['use-digits', source.kind !== 'digits'],
    ['columns', source.kind === 'table'],
    ['target-label', source.kind === 'table'],
    ['task-label', source.kind === 'table'],
    ['loss-label', isRegression],
  ];
  for (const [id, isShown] of shown) {
    const element = findElement(id, HTMLElement);
    if (isShown) element.hidden = false;
    else hideElement(element, files);
  }
  findSelect('task').value = isRegression ? 'regression' : 'classification';
  findSelect('target').replaceChildren(
    ...columns.map((column) => new Option(column, column, column === target, column === target)),
  );
}
