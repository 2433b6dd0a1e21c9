/** The form with the settings of a run. */
import { BACKENDS } from '../../src/backends/open.ts';
import { nameBackend } from '../page/device.ts';
import { findElement, findInput as inputOf, setText } from '../page/elements.ts';
import { ACTIVATIONS, DEFAULTS, OPTIMISERS, type Settings, SOLVERS } from './settings.ts';

/** gpu.js compiles text to functions, which the content security policy of this page forbids. */
const OFFERED = BACKENDS.filter((name) => String(name) !== 'gpujs');

const LABELS: Readonly<Record<string, string>> = {
  auto: 'automatic',
  'peaceman-rachford': 'Peaceman–Rachford',
  'anderson-peaceman-rachford': 'Peaceman–Rachford, Anderson',
  'anderson-picard+peaceman-rachford': 'Picard, Anderson; then P.–R.',
  'forward-backward': 'forward–backward',
  anderson: 'forward–backward, Anderson',
  leakyRelu: 'leaky relu',
  softplus: 'softplus',
  stochasticGradient: 'SGD, independent draws',
  sgd: 'SGD, shuffled',
  adam: 'Adam',
  adamW: 'AdamW',
};

export function findLabel(name: string): string {
  return LABELS[name] ?? name;
}

type Field = keyof Settings;
const NUMBERS = ['width', 'margin', 'tolerance', 'rate', 'epochs', 'batch'] as const satisfies readonly Field[];

interface SettingsForm {
  /** Reads the settings. Where a field is invalid, it shows the reason and returns undefined. */
  read(): Settings | undefined;
  write(settings: Settings): void;
  /** Disables the form during a run. */
  lock(isLocked: boolean): void;
}

export function createSettingsForm(): SettingsForm {
  const form = findElement('settings', HTMLFormElement);
  const field = (name: Field): HTMLInputElement | HTMLSelectElement => {
    const found = form.elements.namedItem(name);
    if (found instanceof HTMLInputElement || found instanceof HTMLSelectElement) return found;
    throw new Error(`the form has no field ${name}`);
  };
  const offer = (name: Field, values: readonly string[], label = findLabel): void => {
    field(name).append(...values.map((value) => new Option(label(value), value)));
  };
  offer('activation', ACTIVATIONS);
  offer('solver', SOLVERS);
  offer('optimiser', OPTIMISERS);
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
  return {
    write,
    read() {
      setText('settings-problem', '');
      for (const name of NUMBERS) {
        const found = field(name);
        if (found.checkValidity()) continue;
        setText(
          'settings-problem',
          `${readFieldName(found)}: ${found.value === '' ? 'a number is missing' : found.validationMessage}`,
        );
        found.focus();
        return undefined;
      }
      const numbers = Object.fromEntries(NUMBERS.map((name) => [name, Number(field(name).value)]));
      return {
        ...(numbers as Pick<Settings, (typeof NUMBERS)[number]>),
        activation: field('activation').value as Settings['activation'],
        solver: field('solver').value as Settings['solver'],
        optimiser: field('optimiser').value as Settings['optimiser'],
        backend: (field('backend').value || undefined) as Settings['backend'],
        seed,
      };
    },
    lock(isLocked) {
      for (const fieldset of form.querySelectorAll('fieldset')) fieldset.disabled = isLocked;
      inputOf('checkpoint').disabled = isLocked;
    },
  };
}

function readFieldName(field: HTMLInputElement | HTMLSelectElement): string {
  return field.labels?.[0]?.firstChild?.textContent?.trim() ?? field.name;
}
