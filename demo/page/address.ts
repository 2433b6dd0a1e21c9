/** The address names a view after #, and what is set in it after ?, as in #train?width=50&rate=0.001. */

interface Place {
  /** Empty where the address names none. */
  readonly view: string;
  readonly values: ReadonlyMap<string, string>;
}

export function readPlace(): Place {
  const [, view, query] = /^#?([^?]*)\??(.*)$/s.exec(location.hash) ?? [];
  return { view, values: new Map(new URLSearchParams(query)) };
}

/** Replaces the address, without a new entry in the history of the browser and without an event. */
export function writePlace(view: string, values: ReadonlyMap<string, string>): void {
  const query = new URLSearchParams([...values]).toString();
  history.replaceState(history.state, '', `#${view}${query && `?${query}`}`);
}
