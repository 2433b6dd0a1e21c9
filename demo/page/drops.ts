/** Files dropped on the page go to the view that is shown. */

/**
 * @param view whose files these are while it is shown
 * @param area is marked while files are held over the page
 * @param isOpen whether files are taken now
 */
export function takeDrops(
  view: HTMLElement,
  area: HTMLElement,
  isOpen: () => boolean,
  take: (files: readonly File[]) => void,
): void {
  // Beside the area too: a browser that is not told otherwise shows the file in place of the page.
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
    if (!view.hidden && isOpen() && files.length > 0) take(files);
  });
}
