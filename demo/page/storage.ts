/** What the page remembers from one visit to the next. In private windows without storage it lasts for the visit. */

export function readStored(key: string): string | undefined {
  try {
    return localStorage.getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

/** @param value undefined forgets the key */
export function store(key: string, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // There is no storage, or it is full: what is shown stays as it is.
  }
}
