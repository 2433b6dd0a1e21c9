/** What the page asks of the worker that solves Lassos, in float64. */
import type { Call } from '../workers/calls.ts';

export type RegressionSource =
  | { readonly kind: 'diabetes' }
  /** target: the column that is explained. Default: the last one. */
  | { readonly kind: 'table'; readonly file: File; readonly target?: string };

/** At one λ. */
export interface PathPoint {
  readonly logLambda: number;
  /** Of standardised features. */
  readonly coefficients: readonly number[];
  /** Mean square of what is not explained of the held-out rows. */
  readonly error: number;
  /** Its derivative in λ, through the solution. */
  readonly gradient: number;
}

/** Where a feature enters or leaves. The error has two one-sided derivatives there. */
export interface Knot {
  readonly logLambda: number;
  readonly feature: number;
  /** For λ falling. */
  readonly enters: boolean;
  readonly left: number;
  readonly right: number;
}

export interface PathSummary {
  readonly name: string;
  readonly target: string;
  readonly columns: readonly string[];
  readonly featureNames: readonly string[];
  /** What was taken to be meant in a file, and what to know of its columns, in sentences. */
  readonly remarks: readonly string[];
  readonly rows: { readonly training: number; readonly heldOut: number };
  /** λ ascending. */
  readonly path: readonly PathPoint[];
}

export interface LocalFigures extends PathPoint {
  readonly status: 'certified' | 'failed' | 'unknown';
  readonly reason: string;
  /** Features at a knot here. */
  readonly kinks: readonly number[];
  readonly left: number;
  readonly right: number;
}

export interface LassoCalls {
  /** seed: of the choice of the rows that are held out. */
  readonly open: Call<{ readonly source: RegressionSource; readonly seed: number }, PathSummary>;
  readonly knots: Call<undefined, readonly Knot[]>;
  readonly at: Call<number, LocalFigures>;
  /** Gradient descent on the held-out error, from a λ. */
  readonly tune: Call<number, PathPoint, PathPoint>;
}
