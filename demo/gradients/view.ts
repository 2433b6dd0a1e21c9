/** The view that shows what goes wrong without the hypothesis of the theorem. */
import { findField, setText } from '../page/elements.ts';
import { keepFields } from '../page/keep-fields.ts';
import { createCaller } from '../workers/calls.ts';
import { startClarke } from './clarke-view.ts';
import { startCycle } from './cycle-view.ts';
import { startLorenz } from './lorenz-view.ts';
import type { GradientCalls } from './protocol.ts';

/** Each exhibit has its own worker, which starts when the exhibit is scrolled into view. */
const EXHIBITS = { cycle: startCycle, lorenz: startLorenz, clarke: startClarke };

/** What the user sets, by the names that it has in the address. */
const FIELDS: Readonly<Record<string, string>> = {
  line: 'cycle-line',
  x: 'cycle-x',
  y: 'cycle-y',
  turn: 'lorenz-turn',
  alpha: 'clarke-alpha',
  beta: 'clarke-beta',
  slope: 'clarke-slope',
};

export function startGradients(): void {
  const fields = Object.entries(FIELDS).map(([name, id]) => [name, findField(id)] as const);
  keepFields('gradients', Object.fromEntries(fields), (sentence) => setText('cycle-state', sentence));
  const starts = new Map<Element, () => void>();
  const watch = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      watch.unobserve(target);
      starts.get(target)?.();
    }
  });
  for (const [name, start] of Object.entries(EXHIBITS)) {
    const section = document.getElementById(`exhibit-${name}`);
    if (!section) continue;
    starts.set(section, () => {
      const worker = new Worker(new URL('./gradients-worker.js', import.meta.url), { type: 'module', name });
      start(createCaller<GradientCalls>(worker));
    });
    watch.observe(section);
  }
}
