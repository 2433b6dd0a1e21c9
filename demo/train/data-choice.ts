/** Which data are trained on: the digits, or files that a person chooses or drops. */

import type { DataSummary } from '../model/protocol.ts';
import { takeDrops } from '../page/drops.ts';
import { button, input, messageOf, part, select, text } from '../page/elements.ts';
import { type DataSource, DIGITS, sourceOf } from './data.ts';

export interface DataChoice {
  readonly source: DataSource;
  readonly summary: DataSummary | undefined;
}

/**
 * @param open reads the data elsewhere; rejects with what is wrong with them
 * @param onData called whenever others are there
 */
export function dataChoice(
  open: (source: DataSource) => Promise<DataSummary>,
  onData: (summary: DataSummary) => void,
): DataChoice {
  let source = DIGITS;
  let summary: DataSummary | undefined;
  let attempt = 0;

  /** Data that cannot be read leave those that were there. */
  const choose = async (wanted: () => DataSource): Promise<void> => {
    const own = ++attempt;
    text('data-problem', '');
    part('drop', HTMLElement).setAttribute('aria-busy', 'true');
    try {
      const asked = wanted();
      const found = await open(asked);
      if (own !== attempt) return;
      source = asked;
      summary = found;
      show(found);
      onData(found);
    } catch (error) {
      if (own === attempt) text('data-problem', messageOf(error));
    } finally {
      part('drop', HTMLElement).removeAttribute('aria-busy');
    }
  };

  const chooseFiles = (given: readonly File[]): void => {
    if (given.length > 0) void choose(() => sourceOf(given));
  };
  const files = input('files');
  files.addEventListener('change', () => {
    chooseFiles([...(files.files ?? [])]);
    files.value = ''; // so that the same file can be chosen again
  });
  const isOpen = (): boolean => !files.matches(':disabled');
  takeDrops(part('view-train', HTMLElement), part('drop', HTMLElement), isOpen, chooseFiles);
  button('use-digits').addEventListener('click', () => void choose(() => DIGITS));
  const target = select('target');
  target.addEventListener('change', () => {
    const { kind } = source;
    if (kind === 'table')
      void choose(() => ({ ...(source as Extract<DataSource, { kind: 'table' }>), target: target.value }));
  });
  void choose(() => DIGITS);
  return {
    get source() {
      return source;
    },
    get summary() {
      return summary;
    },
  };
}

function show({
  name,
  kind,
  trainCount,
  testCount,
  featureShape,
  classNames,
  columns,
  target,
  remarks,
}: DataSummary): void {
  const isDigits = name === 'digits' && kind === 'images';
  text('data-name', isDigits ? 'Handwritten digits' : name);
  const rows = kind === 'images' ? `images of ${featureShape.join(' × ')}` : `rows of ${featureShape[0]} features`;
  const facts = `${trainCount.toLocaleString('en')} ${rows}, ${testCount.toLocaleString('en')} held out; ${classNames.length} classes`;
  text('data-facts', [facts, ...remarks].join('. '));
  button('use-digits').hidden = isDigits;
  part('target-label', HTMLElement).hidden = columns.length === 0;
  select('target').replaceChildren(
    ...columns.map((column) => new Option(column, column, column === target, column === target)),
  );
}
