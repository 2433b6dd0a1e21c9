/** The calls from the page to the worker that solves Lassos, in float64. */
import type { TableSource } from '../tables/choice.ts';
import type { InspectInput, TableFacts } from '../tables/facts.ts';
import type { Call } from '../workers/calls.ts';

export type RegressionSource = { readonly kind: 'diabetes' } | TableSource;

/** The solution at one λ. */
export interface PathPoint {
  readonly logLambda: number;
  /** For standardised features. */
  readonly coefficients: readonly number[];
  /** The mean squared error on the held-out rows. */
  readonly error: number;
  /** The derivative of the error in log λ, through the solution. */
  readonly gradient: number;
}

/**
 * A place where a feature enters or leaves the model. The error has two one-sided derivatives there, left and right.
 */
export interface Knot {
  readonly logLambda: number;
  readonly feature: number;
  /** Whether the feature enters as λ falls; otherwise it leaves. */
  readonly enters: boolean;
  readonly left: number;
  readonly right: number;
}

export interface PathSummary {
  readonly name: string;
  readonly target: string;
  readonly columns: readonly string[];
  readonly featureNames: readonly string[];
  /** Assumptions about the file, and warnings about its columns, in sentences. */
  readonly remarks: readonly string[];
  readonly rows: { readonly training: number; readonly heldOut: number };
  /** In ascending order of λ. */
  readonly path: readonly PathPoint[];
}

export interface LocalFigures extends PathPoint {
  readonly status: 'certified' | 'failed' | 'unknown';
  readonly reason: string;
  /** The features that are at a knot here. */
  readonly kinks: readonly number[];
  readonly left: number;
  readonly right: number;
}

export interface LassoCalls {
  /** Says what a table holds, before anything is chosen about it. */
  readonly inspect: Call<InspectInput, TableFacts>;
  /** `seed` decides which rows are held out. */
  readonly open: Call<{ readonly source: RegressionSource; readonly seed: number }, PathSummary>;
  readonly knots: Call<undefined, readonly Knot[]>;
  /** Solves at a given log λ. */
  readonly at: Call<number, LocalFigures>;
  /** Minimises the held-out error by gradient descent from a given log λ. */
  readonly tune: Call<number, PathPoint, PathPoint>;
}
