/** Shows the view that the address names. */
import { readPlace } from './address.ts';
import { readMessage, setText } from './elements.ts';

interface View {
  readonly name: string;
  readonly title: string;
  /** Called when the view is shown for the first time. */
  start(): Promise<void>;
}

export function startRouter(views: readonly View[]): void {
  const started = new Set<View>();
  let shown: View | undefined;
  const show = (isFirst: boolean): void => {
    const wanted = readPlace().view;
    const view = views.find(({ name }) => name === wanted) ?? views[0];
    const isSame = view === shown;
    shown = view;
    for (const { name } of views) {
      const section = document.getElementById(`view-${name}`);
      if (section) section.hidden = name !== view.name;
      const link = document.querySelector(`nav a[href="#${name}"]`);
      if (name === view.name) link?.setAttribute('aria-current', 'page');
      else link?.removeAttribute('aria-current');
    }
    document.title = `${view.title} · Equilibra`;
    if (!started.has(view)) {
      started.add(view);
      view.start().catch((error: unknown) => {
        setText(
          'view-problem',
          `“${view.title}” could not be opened: ${readMessage(error)}. Reload the page to try again.`,
        );
      });
    }
    if (!isFirst && !isSame) {
      scrollTo(0, 0);
      document.getElementById('content')?.focus({ preventScroll: true });
    }
  };
  // Other fragments, such as the target of the link that skips to the content, are places on the page.
  addEventListener('hashchange', () => {
    if (views.some(({ name }) => name === readPlace().view)) show(false);
  });
  show(true);
}
