/** Shows the view that the address names after #. */

interface View {
  readonly name: string;
  readonly title: string;
  /** Called when the view is shown for the first time. */
  start(): void;
}

export function startRouter(views: readonly View[]): void {
  const started = new Set<View>();
  const show = (isFirst: boolean): void => {
    const wanted = location.hash.slice(1);
    const view = views.find(({ name }) => name === wanted) ?? views[0];
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
      view.start();
    }
    if (!isFirst) {
      scrollTo(0, 0);
      document.getElementById('content')?.focus({ preventScroll: true });
    }
  };
  // Other fragments, such as the target of the link that skips to the content, are places on the page.
  addEventListener('hashchange', () => {
    if (views.some(({ name }) => `#${name}` === location.hash)) show(false);
  });
  show(true);
}
