/** The form with the settings of a run. */
import { BACKENDS } from '../../src/backends/open.ts';
import { nameBackend } from '../page/device.ts';
import { findElement, findInput as inputOf, setText } from '../page/elements.ts';
import { keepFields } from '../page/keep-fields.ts';
import { findLabel } from './labels.ts';
import { ACTIVATIONS, DEFAULTS, LOSSES, MODELS, OPTIMISERS, type Settings, SOLVERS } from './settings.ts';

/** gpu.js compiles text to functions, which the content security policy of this page forbids. */
const OFFERED = BACKENDS.filter((name) => String(name) !== 'gpujs');

type Field = keyof Settings;
const NUMBERS = [
  'width',
  'channels',
  'margin',
  'tolerance',
  'rate',
  'epochs',
  'batch',
] as const satisfies readonly Field[];

interface SettingsForm {
  /** Reads the settings. Where a field is invalid, it shows the reason and returns undefined. */
  read(): Settings | undefined;
  /** Reads the settings, and returns undefined where a field is invalid. */
  peek(): Settings | undefined;
  write(settings: Settings): void;
  /** Offers the layer over images, or not. */
  offerImages(areImages: boolean): void;
  /** Disables the form during a run. */
  lock(isLocked: boolean): void;
}

/** @param onChange called whenever something is set */
export function createSettingsForm(onChange: () => void): SettingsForm {
  const form = findElement('settings', HTMLFormElement);
  const field = (name: Field): HTMLInputElement | HTMLSelectElement => {
    const found = form.elements.namedItem(name);
    if (found instanceof HTMLInputElement || found instanceof HTMLSelectElement) return found;
    throw new Error(`the form has no field ${name}`);
  };
  const offer = (name: Field, values: readonly string[], label = findLabel): void => {
    field(name).append(...values.map((value) => new Option(label(value), value)));
  };
  offer('model', MODELS);
  offer('activation', ACTIVATIONS);
  offer('solver', SOLVERS);
  offer('optimiser', OPTIMISERS);
  offer('loss', LOSSES);
  offer('backend', ['', ...OFFERED], (name) => (name === '' ? 'automatic' : nameBackend(name)));
  form.addEventListener('submit', (event) => event.preventDefault());
  let seed = DEFAULTS.seed;
  const write = (settings: Settings): void => {
    seed = settings.seed;
    for (const [name, value] of Object.entries(settings)) {
      if (name !== 'seed') field(name as Field).value = value === undefined ? '' : String(value);
    }
  };
  write(DEFAULTS);
  const showSize = (): void => {
    const isConvolution = field('model').value === 'convolution';
    findElement('width-label', HTMLElement).hidden = isConvolution;
    findElement('channels-label', HTMLElement).hidden = !isConvolution;
  };
  field('model').addEventListener('input', showSize);
  const collect = (): Settings => {
    const numbers = Object.fromEntries(NUMBERS.map((name) => [name, Number(field(name).value)]));
    return {
      ...(numbers as Pick<Settings, (typeof NUMBERS)[number]>),
      model: field('model').value as Settings['model'],
      activation: field('activation').value as Settings['activation'],
      solver: field('solver').value as Settings['solver'],
      optimiser: field('optimiser').value as Settings['optimiser'],
      loss: field('loss').value as Settings['loss'],
      backend: (field('backend').value || undefined) as Settings['backend'],
      seed,
    };
  };
  const names = Object.keys(DEFAULTS).filter((name) => name !== 'seed') as Field[];
  const fields = Object.fromEntries(names.map((name) => [name, field(name)]));
  const kept = keepFields('train', fields, (sentence) => setText('settings-problem', sentence));
  showSize();
  form.addEventListener('input', onChange);
  return {
    write(settings) {
      write(settings);
      showSize();
      kept.changed();
    },
    offerImages(areImages) {
      findElement('model-label', HTMLElement).hidden = !areImages;
      if (areImages || field('model').value === DEFAULTS.model) return;
      field('model').value = DEFAULTS.model;
      showSize();
      kept.changed();
    },
    peek: () => (NUMBERS.every((name) => field(name).checkValidity()) ? collect() : undefined),
    read() {
      const wrong = NUMBERS.map(field).find((found) => !found.checkValidity());
      setText('settings-problem', wrong ? `${readFieldName(wrong)}: ${explainWrong(wrong)}` : '');
      if (!wrong) return collect();
      findElement('fold', HTMLDetailsElement).open = true; // where the field cannot be seen
      wrong.focus();
      return undefined;
    },
    lock(isLocked) {
      for (const fieldset of form.querySelectorAll('fieldset')) fieldset.disabled = isLocked;
      inputOf('checkpoint').disabled = isLocked;
    },
  };
}

function explainWrong({ value, validationMessage, validity }: HTMLInputElement | HTMLSelectElement): string {
  return value === '' && !validity.badInput ? 'a number is missing' : validationMessage;
}

function readFieldName(field: HTMLInputElement | HTMLSelectElement): string {
  return field.labels?.[0]?.firstChild?.textContent?.trim() ?? field.name;
}
