/** Keeps what is set in the fields of a view: it survives a reload, and travels in the address. */
import { readPlace, writePlace } from './address.ts';
import { readStored, store } from './storage.ts';

type Field = HTMLInputElement | HTMLSelectElement;

/** Browsers refuse addresses that change too often, as that would while a slider is dragged. */
const MILLISECONDS_BEFORE_WRITING = 250;
/** As much of a wrong value is repeated in a message. */
const MAXIMUM_SHOWN = 30;

interface KeptFields {
  /** Notes that a field has been changed by the page rather than by its user. */
  changed(): void;
}

/**
 * Sets the fields as the address says, or else as they were left the last time, and notes every change. What the
 * address leaves out has its default, so that a link gives everyone the same. Call it before anything reads the fields.
 *
 * @param fields the fields by the names that they have in the address, with their defaults
 * @param complain is called with a sentence where the address holds something that cannot be set
 */
export function keepFields(
  view: string,
  fields: Readonly<Record<string, Field>>,
  complain: (sentence: string) => void,
): KeptFields {
  const defaults = new Map(Object.entries(fields).map(([name, field]) => [name, field.value]));
  const key = `settings of ${view}`;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const collect = (): Map<string, string> => {
    const values = Object.entries(fields).filter(([, field]) => field.checkValidity());
    return new Map(
      values.filter(([name, { value }]) => value !== defaults.get(name)).map(([name, { value }]) => [name, value]),
    );
  };
  const write = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const values = collect();
    store(key, values.size > 0 ? new URLSearchParams([...values]).toString() : undefined);
    if (isShown(view)) writePlace(view, values);
  };
  const changed = (): void => {
    timer ??= setTimeout(write, MILLISECONDS_BEFORE_WRITING);
  };
  /** @returns what is wrong with the values, in sentences */
  const apply = (values: ReadonlyMap<string, string>): string[] => {
    const unknown = [...values.keys()].filter((name) => !Object.hasOwn(fields, name));
    const faults = unknown.map((name) => `The address sets ${quote(name)}, which there is not.`);
    for (const [name, field] of Object.entries(fields)) {
      const fallback = defaults.get(name) ?? '';
      const wanted = values.get(name) ?? fallback;
      if (setField(field, wanted)) continue;
      setField(field, fallback);
      faults.push(`The address sets ${name} to ${quote(wanted)}, which is not possible; it is ${fallback}.`);
    }
    return faults;
  };
  const applyAddress = (values: ReadonlyMap<string, string>): void => {
    const faults = apply(values);
    if (faults.length === 0) return;
    writePlace(view, collect());
    complain(faults.join(' '));
  };

  const { view: named, values } = readPlace();
  if (named === view && values.size > 0) applyAddress(values);
  else {
    apply(new Map(new URLSearchParams(readStored(key)))); // stored by an earlier version, a value may be wrong
    if (isShown(view)) writePlace(view, collect());
  }
  for (const field of Object.values(fields)) {
    // A slider changes often. Anything else is written at once, since a reload takes the address as it is.
    field.addEventListener('input', field.type === 'range' ? changed : write);
  }
  addEventListener('pagehide', () => timer && write());
  addEventListener('hashchange', () => {
    const place = readPlace();
    if (place.view !== view) return;
    const areLocked = Object.values(fields).some((field) => field.matches(':disabled'));
    if (place.values.size > 0 && !areLocked) applyAddress(place.values);
    else writePlace(view, collect());
  });
  return { changed };
}

/** @returns false where the field does not take the value */
function setField(field: Field, value: string): boolean {
  const before = field.value;
  field.value = value;
  const isTaken = isSameValue(field, value) && field.checkValidity();
  if (isTaken && value !== before) {
    for (const type of ['input', 'change']) field.dispatchEvent(new Event(type, { bubbles: true }));
  }
  return isTaken;
}

/** Numbers may be written in several ways. */
function isSameValue({ type, value }: Field, wanted: string): boolean {
  const isNumber = (type === 'number' || type === 'range') && wanted.trim() !== '';
  return value === wanted || (isNumber && value !== '' && Number(value) === Number(wanted));
}

function isShown(view: string): boolean {
  return document.getElementById(`view-${view}`)?.hidden === false;
}

function quote(text: string): string {
  return JSON.stringify(text.length > MAXIMUM_SHOWN ? `${text.slice(0, MAXIMUM_SHOWN)}…` : text);
}
