/** Light and dark: what the system says, unless the person says otherwise. */
import { button } from './elements.ts';

const THEMES = ['system', 'light', 'dark'] as const;
type Theme = (typeof THEMES)[number];

const KEY = 'theme';
const changed = new Set<() => void>();

/** @param listener called whenever the colours change, whoever changed them */
export function onColours(listener: () => void): void {
  changed.add(listener);
}

export function startTheme(): void {
  let theme = stored();
  const toggle = button('theme');
  const show = (): void => {
    if (theme === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    toggle.textContent = `Theme: ${theme}`;
    resolved.clear();
    for (const listener of changed) listener();
  };
  toggle.addEventListener('click', () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    store(theme);
    show();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', show);
  show();
}

/** Pages without a place to store things, such as private ones, forget. */
function stored(): Theme {
  try {
    return THEMES.find((theme) => theme === localStorage.getItem(KEY)) ?? 'system';
  } catch {
    return 'system';
  }
}

function store(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // it holds for this visit
  }
}

const resolved = new Map<string, string>();

/** A colour of the style sheet as the canvas takes it, rgb(…): custom properties alone are not resolved. */
export function colour(name: string): string {
  const known = resolved.get(name) ?? resolve(name);
  resolved.set(name, known);
  return known;
}

function resolve(name: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
