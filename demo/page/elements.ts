/** Finds, changes and creates elements of the page. */

/**
 * @param kind the class of the element, such as HTMLButtonElement
 * @throws Error where the page has no element of this class with this id
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

export function findField(id: string): HTMLInputElement | HTMLSelectElement {
  const found = document.getElementById(id);
  return found instanceof HTMLSelectElement ? found : findInput(id);
}

export function setText(id: string, content: string): void {
  updateText(findElement(id, HTMLElement), content);
}

/** Writes text only where it differs, since writing causes a new layout even of the same text. */
export function updateText(element: HTMLElement, content: string): void {
  if (element.textContent !== content) element.textContent = content;
}

/**
 * Says whether a button may be pressed. One that may not keeps the focus, which the attribute `disabled` would take away:
 * whoever works by keyboard stays where they are.
 */
export function allowPress(button: HTMLButtonElement, isAllowed: boolean): void {
  button.setAttribute('aria-disabled', String(!isAllowed));
}

/** Calls `act` when a button is pressed that may be pressed. */
export function onPress(id: string, act: () => void): void {
  const button = findButton(id);
  button.addEventListener('click', () => {
    if (button.getAttribute('aria-disabled') !== 'true') act();
  });
}

/** Hides an element. Where it has the focus, `next` gets it. */
export function hideElement(element: HTMLElement, next: HTMLElement): void {
  const hadFocus = element.contains(document.activeElement);
  element.hidden = true;
  if (hadFocus) next.focus({ preventScroll: true });
}

/** Creates an element with attributes and children. */
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

/** Returns the message of anything that was thrown. */
export function readMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}
