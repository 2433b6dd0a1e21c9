/** What the page asks of the worker that holds the data to look at and the model as it was last. */
import type {
  AdapterDescription,
  BackendName,
  EpochProgress,
  ForwardSolverName,
  SolveStatus,
} from '../../src/index.ts';
import type { DataSource } from '../train/data.ts';
import type { Options } from '../train/settings.ts';
import type { Call } from '../workers/calls.ts';

export interface ModelCalls {
  /** Which backend is opened by default, and why it is not WebGPU where it is not. */
  readonly device: Call<undefined, DeviceFigures>;
  readonly open: Call<DataSource, DataSummary>;
  /** Takes up the model of a checkpoint. */
  readonly model: Call<Uint8Array, ModelSummary>;
  /** Of the rows shown. */
  readonly predictions: Call<undefined, Predictions>;
  /** Solves for one row again and again, with one iteration more each time. */
  readonly reach: Call<ReachInput, SolveStatus, ReachedPoint>;
}

export interface DeviceFigures {
  readonly backend: BackendName;
  readonly adapter: AdapterDescription;
  /** Absent where WebGPU itself was opened. */
  readonly webgpu?: { readonly problem: 'absent' | 'software'; readonly message: string };
}

export interface DataSummary {
  readonly name: string;
  readonly kind: 'images' | 'table';
  readonly classNames: readonly string[];
  readonly features: number;
  /** Of one row: [8, 8] for images, [features] for a table. */
  readonly featureShape: readonly number[];
  readonly trainCount: number;
  readonly testCount: number;
  /** Of a table: all its columns, which of them holds the classes, and what the features are. */
  readonly columns: readonly string[];
  readonly target?: string;
  readonly featureNames: readonly string[];
  /** What was taken to be meant in a table, and what to know of its columns, in sentences. */
  readonly remarks: readonly string[];
  /** Rows of the held-out part to look at. */
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
  /** As the page or the command line wrote them; absent where neither did. */
  readonly options?: Options;
  readonly data?: { readonly name: string; readonly bundled: boolean };
  readonly classNames?: readonly string[];
  /** Of one image. */
  readonly imageShape?: readonly number[];
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

/** Where the solver is after so many iterations. */
export interface ReachedPoint {
  readonly iterations: number;
  readonly residual: number;
  readonly tolerance: number;
  readonly z: Float32Array;
  readonly probabilities: Float32Array;
  readonly status: SolveStatus;
}
