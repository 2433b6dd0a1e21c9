/** The view that shows what goes wrong without the hypothesis of the theorem. */
import { createCaller } from '../workers/calls.ts';
import { startClarke } from './clarke-view.ts';
import { startCycle } from './cycle-view.ts';
import { startLorenz } from './lorenz-view.ts';
import type { GradientCalls } from './protocol.ts';

/** Each exhibit has its own worker, which starts when the exhibit is scrolled into view. */
const EXHIBITS = { cycle: startCycle, lorenz: startLorenz, clarke: startClarke };

export function startGradients(): void {
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
