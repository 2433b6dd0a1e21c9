/** The light and dark themes. The system decides, unless the user chooses one. */
import { findButton, setText } from './elements.ts';
import { readStored, store } from './storage.ts';

const THEMES = ['system', 'light', 'dark'] as const;
type Theme = (typeof THEMES)[number];

const KEY = 'theme';
const changed = new Set<() => void>();

/** @param listener called whenever the colours change, by the user or by the system */
export function onColourChange(listener: () => void): void {
  changed.add(listener);
}

export function startTheme(): void {
  let theme: Theme = THEMES.find((each) => each === readStored(KEY)) ?? 'system';
  const toggle = findButton('theme');
  const show = (): void => {
    if (theme === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    setText('theme-name', theme);
    toggle.setAttribute('aria-label', `Theme: ${theme}`);
    resolved = undefined;
    for (const listener of changed) listener();
  };
  toggle.addEventListener('click', () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    store(KEY, theme);
    show();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', show);
  show();
}

/** The colours of the style sheet that are used on canvases. */
const COLOURS = ['ink', 'quiet', 'line', 'sunken', 'first', 'second'] as const;
export type ColourName = (typeof COLOURS)[number];

let resolved: Readonly<Record<ColourName, string>> | undefined;

/** Returns a colour of the style sheet as rgb(…), since a canvas does not resolve custom properties. */
export function resolveColour(name: ColourName): string {
  resolved ??= resolveAllColours();
  return resolved[name];
}

/** Resolves all colours at once, since each query makes the browser compute the style of the whole page. */
function resolveAllColours(): Record<ColourName, string> {
  const probes = COLOURS.map((name) => {
    const probe = document.createElement('span');
    probe.style.color = `var(--${name})`;
    return probe;
  });
  document.body.append(...probes);
  const colours = Object.fromEntries(COLOURS.map((name, at) => [name, getComputedStyle(probes[at]).color]));
  for (const probe of probes) probe.remove();
  return colours as Record<ColourName, string>;
}
