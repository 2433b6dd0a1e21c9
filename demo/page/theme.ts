/** Light and dark: what the system says, unless the person says otherwise. */
import { findButton } from './elements.ts';

const THEMES = ['system', 'light', 'dark'] as const;
type Theme = (typeof THEMES)[number];

const KEY = 'theme';
const changed = new Set<() => void>();

/** @param listener called whenever the colours change, whoever changed them */
export function onColourChange(listener: () => void): void {
  changed.add(listener);
}

export function startTheme(): void {
  let theme = readStoredTheme();
  const toggle = findButton('theme');
  const show = (): void => {
    if (theme === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    toggle.textContent = `Theme: ${theme}`;
    resolved = undefined;
    for (const listener of changed) listener();
  };
  toggle.addEventListener('click', () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    storeTheme(theme);
    show();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', show);
  show();
}

/** Pages without a place to store things, such as private ones, forget. */
function readStoredTheme(): Theme {
  try {
    return THEMES.find((theme) => theme === localStorage.getItem(KEY)) ?? 'system';
  } catch {
    return 'system';
  }
}

function storeTheme(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // it holds for this visit
  }
}

/** Those of the style sheet with which canvases are painted. */
const COLOURS = ['ink', 'quiet', 'line', 'sunken', 'first', 'second'] as const;
export type ColourName = (typeof COLOURS)[number];

let resolved: Readonly<Record<ColourName, string>> | undefined;

/** A colour of the style sheet as the canvas takes it, rgb(…): custom properties alone are not resolved. */
export function resolveColour(name: ColourName): string {
  resolved ??= resolveAllColours();
  return resolved[name];
}

/** All at once: for whichever is asked, the browser computes the style of the whole page. */
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
