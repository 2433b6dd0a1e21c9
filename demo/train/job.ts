/** What the page and the worker that trains say to each other beside training itself. */
import type { AdapterDescription, BackendName } from '../../src/index.ts';
import type { DataSource } from './data.ts';
import type { Settings } from './settings.ts';

export interface Job {
  readonly source: DataSource;
  readonly settings: Settings;
}

/** Posted by the worker once it knows where it computes, and again once the adapter has nothing to add. */
export interface EngineMessage {
  readonly type: 'engine' | 'adapter';
  readonly backend: BackendName;
  readonly adapter: AdapterDescription;
}
