/** Fields that say how a file is written, for what cannot be detected. */
import type { Separator } from '../../src/data/index.ts';
import { createElement } from '../page/elements.ts';
import type { TableForm } from './choice.ts';

type Choices = readonly (readonly [text: string, value: string])[];

const DETECTED = ['detected', ''] as const;
const HEADERS: Choices = [DETECTED, ['the names of the columns', 'yes'], ['data', 'no']];
const SEPARATORS: Choices = [
  DETECTED,
  ['commas', ','],
  ['semicolons', ';'],
  ['tabs', '\t'],
  ['bars', '|'],
  ['spaces', ' '],
];
const DECIMALS: Choices = [DETECTED, ['a point', '.'], ['a comma', ',']];
const DATES: Choices = [DETECTED, ['the day', 'day-first'], ['the month', 'month-first']];

/** @param onChange called with what is set, whenever it changes */
export function createFormFields(form: TableForm, onChange: (form: TableForm) => void): HTMLDetailsElement {
  const header = createField(
    'The first line holds',
    HEADERS,
    form.header === undefined ? '' : form.header ? 'yes' : 'no',
  );
  const separator = createField('Between the cells', SEPARATORS, form.separator ?? '');
  const decimal = createField('Before the decimals', DECIMALS, form.decimal ?? '');
  const dates = createField('First in dates', DATES, form.dates ?? '');
  const all = [header, separator, decimal, dates];
  const read = (): TableForm => ({
    ...(header.field.value && { header: header.field.value === 'yes' }),
    ...(separator.field.value && { separator: separator.field.value as Separator }),
    ...(decimal.field.value && { decimal: decimal.field.value as TableForm['decimal'] }),
    ...(dates.field.value && { dates: dates.field.value as TableForm['dates'] }),
  });
  for (const { field } of all) field.addEventListener('change', () => onChange(read()));
  return createElement(
    'details',
    {},
    createElement('summary', {}, 'How the file is written'),
    createElement('div', { class: 'fields' }, ...all.map(({ label }) => label)),
  );
}

function createField(name: string, choices: Choices, value: string): { field: HTMLSelectElement; label: HTMLElement } {
  const field = createElement('select', {}, ...choices.map(([text, each]) => new Option(text, each)));
  field.value = value;
  return { field, label: createElement('label', {}, name, field) };
}
