/** Passes files that are dropped on the page to the view that is shown. */

/**
 * @param view the view that takes files while it is shown
 * @param area the element that is highlighted while files are dragged over the page
 * @param isOpen whether the view takes files at the moment
 */
export function takeDrops(
  view: HTMLElement,
  area: HTMLElement,
  isOpen: () => boolean,
  take: (files: readonly File[]) => void,
): void {
  // Listens on the whole page: by default a browser would replace the page by the dropped file.
  addEventListener('dragover', (event) => {
    event.preventDefault();
    if (!view.hidden && isOpen()) area.classList.add('over');
  });
  addEventListener('dragleave', ({ relatedTarget }) => {
    if (relatedTarget === null) area.classList.remove('over');
  });
  addEventListener('drop', (event) => {
    event.preventDefault();
    area.classList.remove('over');
    const files = [...(event.dataTransfer?.files ?? [])];
    if (view.hidden || !isOpen() || files.length === 0) return;
    // Questions about the files before are void; what is said about the new ones would stand behind them.
    for (const dialog of document.querySelectorAll('dialog')) dialog.close();
    take(files);
  });
}
