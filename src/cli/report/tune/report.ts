/** The contents of the report of `equilibra tune`. */
import type { LinearModel } from '../../../data/index.ts';
import type { SummaryItem } from '../page.ts';

/** The criterion at one log λ. */
export interface CriterionPoint {
  readonly logLambda: number;
  readonly value: number;
}

/** A point at which the search evaluated the criterion. */
export interface VisitedPoint {
  readonly value: number;
  /** Present in a search for a single λ. */
  readonly logLambda?: number;
  /**
   * The derivative in log λ, or the norm of the gradient of several penalties. Absent in a search without gradients.
   */
  readonly gradient?: number;
}

export interface TuningReport {
  readonly problem: {
    readonly rows: number;
    readonly features: number;
    /** One name for each feature. */
    readonly names: readonly string[];
    /** The column that is explained. */
    readonly target: string;
  };
  /** The name of the criterion, such as "5-fold cross-validation". */
  readonly criterion: string;
  /**
   * Present where several penalties were chosen. The path and the curve then have an axis of their own, on which
   * `chosen.logLambda` marks the chosen penalties. Absent for a single λ.
   */
  readonly several?: {
    /** The label of the axis, such as "log λ, ρ as chosen". */
    readonly axis: string;
    /** The chosen penalties, for the first card. */
    readonly card: SummaryItem;
    /** log λ of each feature, where every feature has its own. */
    readonly byFeature?: readonly number[];
  };
  readonly path: {
    /** At least one value, in any order. */
    readonly logLambdas: readonly number[];
    /** For each log λ, the coefficients of all standardised features. */
    readonly coefficients: readonly ArrayLike<number>[];
  };
  /** The criterion along the path, in any order. Its derivative is drawn where all points have one. */
  readonly criterionCurve: readonly (CriterionPoint & { readonly gradient?: number })[];
  /** The points of the search, in order. At least one. */
  readonly visited: readonly VisitedPoint[];
  readonly chosen: CriterionPoint & {
    /** One coefficient for each standardised feature. */
    readonly coefficients: ArrayLike<number>;
    /** The features with a coefficient other than 0, counted from 0. */
    readonly support: readonly number[];
    /** The same model for the features before they were standardised. */
    readonly model?: LinearModel;
  };
  /** The best point of a grid search for a single λ, and the number of Lasso problems that the grid takes. */
  readonly grid: CriterionPoint & { readonly solves: number };
  /** The number of Lasso problems that the search solved. */
  readonly solves: number;
  /** The duration of the whole run. */
  readonly seconds: number;
  readonly backend: string;
  readonly warnings: readonly string[];
}
