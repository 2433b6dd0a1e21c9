/** The parts of the page, by their ids. */

/**
 * @param kind what the element must be, such as HTMLButtonElement
 * @throws Error where the page has no such element
 */
export function findElement<Kind extends Element>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`the page has no ${kind.name} ${JSON.stringify(id)}`);
}

export function findButton(id: string): HTMLButtonElement {
  return findElement(id, HTMLButtonElement);
}

export function findInput(id: string): HTMLInputElement {
  return findElement(id, HTMLInputElement);
}

export function findSelect(id: string): HTMLSelectElement {
  return findElement(id, HTMLSelectElement);
}

export function setText(id: string, content: string): void {
  updateText(findElement(id, HTMLElement), content);
}

/** Text that is written is laid out anew, even where it is the same. */
export function updateText(element: HTMLElement, content: string): void {
  if (element.textContent !== content) element.textContent = content;
}

/** An element with texts and elements in it. */
export function createElement<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** A message of an error, in a sentence. */
export function readMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}
