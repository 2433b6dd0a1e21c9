/** An engine that is opened on first use. */
import { type BackendName, type Engine, open } from '../../src/index.ts';

export function engineOn(backend: BackendName): { engine: () => Promise<Engine>; close: () => Promise<void> } {
  let opened: Promise<Engine> | undefined;
  return {
    engine: () => {
      opened ??= open({ backend });
      return opened;
    },
    close: async () => (await opened)?.close(),
  };
}
