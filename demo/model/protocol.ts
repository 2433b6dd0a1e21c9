/** The calls from the page to the worker with the held-out data and the latest model. */

import type { Preparation } from '../../src/data/index.ts';
import type {
  AdapterDescription,
  BackendName,
  EpochProgress,
  ForwardSolverName,
  SolveStatus,
  TaskName,
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
  /** Predicts the classes or numbers of the rows that the page shows. */
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
  /** Empty for regression. */
  readonly classNames: readonly string[];
  /** The names of the targets of a regression; empty where classes are predicted. */
  readonly targets: readonly string[];
  readonly features: number;
  /** The shape of one row: such as [8, 8] for images, [features] for a table. */
  readonly featureShape: readonly number[];
  readonly trainCount: number;
  readonly testCount: number;
  /** All columns of a table; empty for images. */
  readonly columns: readonly string[];
  /** The column of a table that is predicted. */
  readonly target?: string;
  readonly featureNames: readonly string[];
  /** Assumptions about a table and warnings about its columns, in sentences. */
  readonly remarks: readonly string[];
  readonly preparation: Preparation;
  /** The held-out rows that the page shows. */
  readonly shown: ShownRows;
}

export interface ShownRows {
  readonly inputs: Float32Array;
  readonly count: number;
  /** The class of each row; empty for regression. */
  readonly labels: Int32Array;
  /** count × targets; empty where classes are predicted. */
  readonly targets: Float64Array;
}

export interface ModelSummary {
  readonly inputs: number;
  readonly outputs: number;
  /** What its first layer is, in words. */
  readonly about: string;
  /** Absent where the checkpoint was saved outside training. */
  readonly training?: {
    readonly epoch: number;
    readonly step: number;
    readonly losses: Float64Array;
    readonly epochs: readonly EpochProgress<TaskName>[];
  };
  /** The options that the page or the command line stored. Absent in other checkpoints. */
  readonly options?: Options;
  readonly data?: { readonly name: string; readonly bundled: boolean };
  /** How rows become numbers for it. Absent where the checkpoint does not say so. */
  readonly preparation?: Preparation;
}

export type Predictions = PredictedClasses | PredictedNumbers;

export interface PredictedClasses {
  readonly classes: Int32Array;
  /** rows × classes */
  readonly probabilities: Float32Array;
}

export interface PredictedNumbers {
  /** rows × targets, in their own units */
  readonly numbers: Float64Array;
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
  /** The output of the layer. */
  readonly z: Float32Array;
  /** The shape of z: [n], or [channels, rows, columns]. */
  readonly shape: readonly number[];
  /** The probability of each class, or each target in its own unit. */
  readonly outputs: ArrayLike<number>;
  readonly status: SolveStatus;
}
