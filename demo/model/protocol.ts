/** The calls from the page to the worker with the held-out data and the latest model. */

import type { Preparation } from '../../src/data/index.ts';
import type {
  AdapterDescription,
  BackendName,
  EpochProgress,
  ForwardSolverName,
  SolveStatus,
} from '../../src/index.ts';
import type { InspectInput, TableFacts } from '../tables/facts.ts';
import type { DataSource } from '../train/data.ts';
import type { Options } from '../train/settings.ts';
import type { Call } from '../workers/calls.ts';

export interface ModelCalls {
  /** Returns the backend that is opened by default, and the reason where it is not WebGPU. */
  readonly device: Call<undefined, DeviceFigures>;
  /** Says what a table holds, before anything is chosen about it. */
  readonly inspect: Call<InspectInput, TableFacts>;
  readonly open: Call<DataSource, DataSummary>;
  /** Loads the model of a checkpoint. */
  readonly model: Call<Uint8Array, ModelSummary>;
  /** Classifies the rows that the page shows. */
  readonly predictions: Call<undefined, Predictions>;
  /** Solves for one row repeatedly, each time with one iteration more. */
  readonly reach: Call<ReachInput, SolveStatus, ReachedPoint>;
}

export interface DeviceFigures {
  readonly backend: BackendName;
  readonly adapter: AdapterDescription;
  /** Absent where WebGPU was opened. */
  readonly webgpu?: { readonly problem: 'absent' | 'software'; readonly message: string };
}

export interface DataSummary {
  readonly name: string;
  readonly kind: 'images' | 'table';
  readonly classNames: readonly string[];
  readonly features: number;
  /** The shape of one row: such as [8, 8] for images, [features] for a table. */
  readonly featureShape: readonly number[];
  readonly trainCount: number;
  readonly testCount: number;
  /** All columns of a table; empty for images. */
  readonly columns: readonly string[];
  /** The column of the classes of a table. */
  readonly target?: string;
  readonly featureNames: readonly string[];
  /** Assumptions about a table and warnings about its columns, in sentences. */
  readonly remarks: readonly string[];
  readonly preparation: Preparation;
  /** The held-out rows that the page shows. */
  readonly shown: { readonly inputs: Float32Array; readonly labels: Int32Array; readonly count: number };
}

export interface ModelSummary {
  readonly inputs: number;
  readonly outputs: number;
  readonly width: number;
  /** Absent where the checkpoint was saved outside training. */
  readonly training?: {
    readonly epoch: number;
    readonly step: number;
    readonly losses: Float64Array;
    readonly epochs: readonly EpochProgress[];
  };
  /** The options that the page or the command line stored. Absent in other checkpoints. */
  readonly options?: Options;
  readonly data?: { readonly name: string; readonly bundled: boolean };
  /** How rows become numbers for it. Absent where the checkpoint does not say so. */
  readonly preparation?: Preparation;
}

export interface Predictions {
  readonly classes: Int32Array;
  /** rows × classes */
  readonly probabilities: Float32Array;
}

export interface ReachInput {
  readonly inputs: Float32Array;
  readonly solver: ForwardSolverName;
  readonly limit: number;
}

/** The state of the solver after a number of iterations. */
export interface ReachedPoint {
  readonly iterations: number;
  readonly residual: number;
  readonly tolerance: number;
  readonly z: Float32Array;
  readonly probabilities: Float32Array;
  readonly status: SolveStatus;
}
