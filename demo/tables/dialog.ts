/** The dialogue in which a user says how a table is used: fetched when there is something to say. */
import type { MissingRule } from '../../src/data/index.ts';
import { createElement, readMessage } from '../page/elements.ts';
import { countOf } from '../page/words.ts';
import {
  countGaps,
  listTargets,
  type Purpose,
  suggestChoice,
  type TableChoice,
  type TableForm,
  withTarget,
} from './choice.ts';
import { type ColumnFacts, EXAMPLES, type TableFacts } from './facts.ts';
import { createFormFields } from './form-fields.ts';

export interface Question {
  readonly name: string;
  /** Undefined where the file cannot be read as it is. */
  readonly facts: TableFacts | undefined;
  readonly choice: TableChoice | undefined;
  readonly purpose: Purpose;
  /** What is wrong with the choice, or the file. */
  readonly problem: string;
  /** Reads the file as it is said to be written. */
  read(form: TableForm): Promise<TableFacts>;
}

export interface TableAnswer {
  readonly facts: TableFacts;
  readonly choice: TableChoice;
}

const KINDS = { numbers: 'number', dates: 'date', categories: 'categories' } as const;

/** @returns undefined where the user cancels */
export function askAboutTable({ name, purpose, read, ...known }: Question): Promise<TableAnswer | undefined> {
  let { facts, choice } = known;
  const problem = createElement('p', { class: 'problem', role: 'alert' }, known.problem);
  const body = createElement('div', { class: 'ask-body' });
  const accept = createElement('button', { class: 'primary' }, 'Use these data');
  const cancel = createElement('button', { type: 'button' }, 'Cancel');
  const form = createFormFields(choice?.form ?? {}, async (written) => {
    problem.textContent = '';
    try {
      facts = await read(written);
      choice = suggestChoice(facts, purpose, written);
    } catch (error) {
      facts = undefined;
      problem.textContent = readMessage(error);
    }
    show();
  });
  if (!facts) form.open = true;
  const sheet = createElement(
    'form',
    { method: 'dialog', class: 'ask-form' },
    createElement('h2', { id: 'ask-title' }, name),
    problem,
    body,
    form,
    createElement('div', { class: 'actions' }, accept, cancel),
  );
  const dialog = createElement('dialog', { class: 'ask', 'aria-labelledby': 'ask-title' }, sheet);

  const show = (): void => {
    accept.disabled = !facts;
    body.replaceChildren();
    if (!facts || !choice) return;
    const now = facts;
    const change = (next: TableChoice): void => {
      choice = next;
      update();
    };
    const target = createTargetField(now, purpose, choice.target, (column) => {
      if (choice) change(withTarget(choice, column));
    });
    const columns = createColumnTable(now, () => choice as TableChoice, change);
    const missing = createMissingField(now, () => choice as TableChoice, change);
    const update = (): void => {
      columns.update();
      missing.update();
    };
    update();
    const size = createElement(
      'p',
      { class: 'quiet' },
      `${countOf(now.rows, 'row')}, ${countOf(now.columns.length, 'column')}.`,
    );
    body.replaceChildren(size, target, columns.element, missing.element);
  };

  return new Promise((resolve) => {
    cancel.addEventListener('click', () => dialog.close());
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'accept' && facts && choice ? { facts, choice } : undefined);
    });
    accept.value = 'accept'; // what the dialogue returns when the form in it is valid and sent
    show();
    document.body.append(dialog);
    dialog.showModal();
  });
}

function createTargetField(
  facts: TableFacts,
  purpose: Purpose,
  target: string,
  onChange: (target: string) => void,
): HTMLElement {
  const possible = listTargets(facts, purpose);
  const field = createElement('select', { required: '' });
  for (const { name } of facts.columns) {
    const option = new Option(name, name, name === target, name === target);
    option.disabled = !possible.includes(name);
    field.append(option);
  }
  if (possible.length === 0) {
    field.prepend(
      new Option(purpose === 'numbers' ? 'no column holds numbers only' : 'no column holds a value', '', true, true),
    );
  }
  field.addEventListener('change', () => onChange(field.value));
  return createElement('label', {}, 'Column to predict', field);
}

/** A part of the dialogue that follows the choice. */
interface Part {
  readonly element: HTMLElement;
  update(): void;
}

function createColumnTable(facts: TableFacts, now: () => TableChoice, change: (choice: TableChoice) => void): Part {
  const rows = facts.columns.map((column) => {
    const use = createUseField(column, now(), change, now);
    const held = createElement('td', {}, describeColumn(column));
    const row = createElement(
      'tr',
      {},
      createElement('th', { scope: 'row' }, column.name),
      held,
      createElement('td', {}, use),
    );
    return { name: column.name, use, row };
  });
  const head = ['Column', 'Holds', 'Used as'].map((text) => createElement('th', { scope: 'col' }, text));
  const table = createElement(
    'table',
    { class: 'readings columns' },
    createElement('thead', {}, createElement('tr', {}, ...head)),
    createElement('tbody', {}, ...rows.map(({ row }) => row)),
  );
  return {
    element: createElement('div', { class: 'ask-columns' }, table),
    update() {
      const { target, ignore, categorical } = now();
      for (const { name, use, row } of rows) {
        const isTarget = name === target;
        use.disabled = isTarget;
        use.value = isTarget
          ? 'target'
          : ignore.includes(name)
            ? 'ignored'
            : categorical.includes(name)
              ? 'categorical'
              : 'feature';
        row.classList.toggle('left-out', ignore.includes(name));
      }
    },
  };
}

function createUseField(
  { name, kind, isEmpty }: ColumnFacts,
  first: TableChoice,
  change: (choice: TableChoice) => void,
  now: () => TableChoice,
): HTMLSelectElement {
  const isDisabled = name === first.target;
  const offered = [
    ...(kind ? [[KINDS[kind], 'feature'] as const] : []),
    ...(kind === 'categories' || isEmpty ? [] : [['categories', 'categorical'] as const]),
    ['left out', 'ignored'] as const,
  ];
  const field = createElement(
    'select',
    { 'aria-label': `Use of ${name}` },
    ...offered.map(([text, value]) => new Option(text, value)),
  );
  const ofTarget = new Option('predicted', 'target');
  ofTarget.hidden = true;
  field.append(ofTarget);
  field.disabled = isDisabled;
  field.addEventListener('change', () => {
    const { ignore, categorical, ...rest } = now();
    const others = (names: readonly string[]): string[] => names.filter((each) => each !== name);
    change({
      ...rest,
      ignore: [...others(ignore), ...(field.value === 'ignored' ? [name] : [])],
      categorical: [...others(categorical), ...(field.value === 'categorical' ? [name] : [])],
    });
  });
  return field;
}

function describeColumn({ examples, missing, problem }: ColumnFacts): string {
  const shown = examples.slice(0, EXAMPLES).map(shorten).join(', ');
  const held = examples.length > EXAMPLES ? `${shown}, …` : shown;
  const lacking = missing > 0 ? `${missing.toLocaleString('en')} missing` : '';
  return [held, lacking, problem ?? ''].filter((text) => text !== '').join('; ');
}

const MAXIMUM_LENGTH = 18;

/** Shortens a value: long decimals to five digits, and long texts. */
function shorten(text: string): string {
  if (/^-?\d+\.\d{4,}$/.test(text)) return String(Number(Number(text).toPrecision(5)));
  return text.length > MAXIMUM_LENGTH ? `${text.slice(0, MAXIMUM_LENGTH)}…` : text;
}

/** Asks what to do about missing values. It is hidden where no used column lacks one. */
function createMissingField(facts: TableFacts, now: () => TableChoice, change: (choice: TableChoice) => void): Part {
  const option = (rule: MissingRule): { radio: HTMLInputElement; text: HTMLElement; label: HTMLElement } => {
    const radio = createElement('input', { type: 'radio', name: 'missing', value: rule });
    const text = createElement('span');
    radio.addEventListener('change', () => change({ ...now(), missing: rule }));
    return { radio, text, label: createElement('label', { class: 'radio' }, radio, text) };
  };
  const [drop, mean] = [option('drop'), option('mean')];
  const legend = createElement('legend');
  const element = createElement('fieldset', {}, legend, drop.label, mean.label);
  return {
    element,
    update() {
      const { target, ignore, missing } = now();
      const gaps = countGaps(facts, ignore);
      const inTarget = facts.columns.find(({ name }) => name === target)?.missing ?? 0;
      element.hidden = gaps === 0;
      legend.textContent = `In ${countOf(gaps, 'row')} of ${facts.rows.toLocaleString('en')} a value is missing`;
      drop.text.textContent = `Leave ${gaps === 1 ? 'this row' : 'these rows'} out`;
      mean.text.textContent =
        inTarget > 0
          ? `Fill in the mean of the column: not possible, since ${inTarget === 1 ? 'a row lacks' : `${inTarget.toLocaleString('en')} rows lack`} what is to be predicted`
          : 'Fill in the mean of the column, or the share of each category';
      mean.radio.disabled = inTarget > 0;
      for (const { radio } of [drop, mean]) {
        radio.required = gaps > 0;
        radio.checked = radio.value === missing && !radio.disabled;
      }
      const rule = gaps === 0 || (missing === 'mean' && inTarget > 0) ? 'error' : missing;
      if (rule !== missing) change({ ...now(), missing: rule });
    },
  };
}
