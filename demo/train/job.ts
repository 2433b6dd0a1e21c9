/** The messages between the page and the training worker, in addition to those of training. */
import type { AdapterDescription, BackendName } from '../../src/index.ts';
import type { DataSource } from './data.ts';
import type { Settings } from './settings.ts';

export interface Job {
  readonly source: DataSource;
  readonly settings: Settings;
}

/** Posted by the worker once its engine is open, and again once the description of the adapter is final. */
export interface EngineMessage {
  readonly type: 'engine' | 'adapter';
  readonly backend: BackendName;
  readonly adapter: AdapterDescription;
}
