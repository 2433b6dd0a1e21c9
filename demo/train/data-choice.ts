/** The choice of the training data: the digits, or files that the user chooses or drops. */
import type { DataSummary } from '../model/protocol.ts';
import { takeDrops } from '../page/drops.ts';
import { findButton, findElement, findInput, findSelect, readMessage, setText } from '../page/elements.ts';
import { type DataSource, DIGITS, recogniseSource } from './data.ts';

interface DataChoice {
  readonly source: DataSource;
  readonly summary: DataSummary | undefined;
}

/**
 * @param open reads the data in a worker, and rejects where something is wrong with them
 * @param onData called whenever other data have been read
 */
export function createDataChoice(
  open: (source: DataSource) => Promise<DataSummary>,
  onData: (summary: DataSummary) => void,
): DataChoice {
  let source = DIGITS;
  let summary: DataSummary | undefined;
  let attempt = 0;

  /** Reads new data. Where that fails, the previous data remain. */
  const choose = async (wanted: () => DataSource): Promise<void> => {
    const own = ++attempt;
    setText('data-problem', '');
    findElement('drop', HTMLElement).setAttribute('aria-busy', 'true');
    try {
      const asked = wanted();
      const found = await open(asked);
      if (own !== attempt) return;
      source = asked;
      summary = found;
      showData(found);
      onData(found);
    } catch (error) {
      if (own === attempt) setText('data-problem', readMessage(error));
    } finally {
      findElement('drop', HTMLElement).removeAttribute('aria-busy');
    }
  };

  const chooseFiles = (given: readonly File[]): void => {
    if (given.length > 0) void choose(() => recogniseSource(given));
  };
  const files = findInput('files');
  files.addEventListener('change', () => {
    chooseFiles([...(files.files ?? [])]);
    files.value = ''; // so that the same file can be chosen again
  });
  const isOpen = (): boolean => !files.matches(':disabled');
  takeDrops(findElement('view-train', HTMLElement), findElement('drop', HTMLElement), isOpen, chooseFiles);
  findButton('use-digits').addEventListener('click', () => void choose(() => DIGITS));
  const target = findSelect('target');
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

function showData({
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
  setText('data-name', isDigits ? 'Handwritten digits' : name);
  const rows = kind === 'images' ? `images of ${featureShape.join(' × ')}` : `rows of ${featureShape[0]} features`;
  const facts = `${trainCount.toLocaleString('en')} ${rows}, ${testCount.toLocaleString('en')} held out; ${classNames.length} classes`;
  setText('data-facts', [facts, ...remarks].join('. '));
  findButton('use-digits').hidden = isDigits;
  findElement('target-label', HTMLElement).hidden = columns.length === 0;
  findSelect('target').replaceChildren(
    ...columns.map((column) => new Option(column, column, column === target, column === target)),
  );
}
