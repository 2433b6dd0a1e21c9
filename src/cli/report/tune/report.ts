/** The report of `equilibra tune`: what the tuning of a Lasso found, and how. */
import type { LinearModel } from '../../../data/index.ts';

/** The criterion at one log λ. */
export interface CriterionPoint {
  readonly logLambda: number;
  readonly value: number;
}

/** With its derivative with respect to log λ. */
export interface VisitedPoint extends CriterionPoint {
  readonly gradient: number;
}

export interface TuningReport {
  readonly problem: {
    readonly rows: number;
    readonly features: number;
    /** One for each feature. */
    readonly names: readonly string[];
    /** What is explained. */
    readonly target: string;
  };
  /** Its name, such as "5-fold cross-validation". */
  readonly criterion: string;
  readonly path: {
    /** At least one, in any order. */
    readonly logLambdas: readonly number[];
    /** For each log λ one for each feature, of standardised features. */
    readonly coefficients: readonly ArrayLike<number>[];
  };
  /** The criterion along the path, in any order; its gradient is drawn where all points have it. */
  readonly criterionCurve: readonly (CriterionPoint & { readonly gradient?: number })[];
  /** By the gradient method, in order. At least one. */
  readonly visited: readonly VisitedPoint[];
  readonly chosen: CriterionPoint & {
    /** One for each feature, of standardised features. */
    readonly coefficients: ArrayLike<number>;
    /** The features, counted from 0, with a coefficient other than 0. */
    readonly support: readonly number[];
    /** The same model for features as they are. */
    readonly model?: LinearModel;
  };
  /** The best point of a grid search, and how many solves of the Lasso that takes. */
  readonly grid: CriterionPoint & { readonly solves: number };
  /** Of the Lasso, by the gradient method. */
  readonly solves: number;
  /** Of the whole run. */
  readonly seconds: number;
  readonly backend: string;
  readonly warnings: readonly string[];
}
