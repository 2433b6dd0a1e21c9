/** The report of `equilibra tune`: what the tuning of a Lasso found, and how. */
import type { LinearModel } from '../../../data/index.ts';
import type { SummaryItem } from '../page.ts';

/** The criterion at one log λ. */
export interface CriterionPoint {
  readonly logLambda: number;
  readonly value: number;
}

/** Where the search evaluated the criterion. */
export interface VisitedPoint {
  readonly value: number;
  /** Where a single λ is sought. */
  readonly logLambda?: number;
  /** The derivative by log λ, of several penalties the length of the gradient; a search may do without. */
  readonly gradient?: number;
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
  /**
   * What λ stands for where several penalties were chosen, and what stays as chosen along the path and the curve; chosen.logLambda
   * is then the place on these. Absent: a single λ.
   */
  readonly several?: {
    /** Of the axis of both, such as "log λ, ρ as chosen". */
    readonly axis: string;
    /** What was chosen, for the first card. */
    readonly card: SummaryItem;
    /** log λ of each feature, where each has its own. */
    readonly byFeature?: readonly number[];
  };
  readonly path: {
    /** At least one, in any order. */
    readonly logLambdas: readonly number[];
    /** For each log λ one for each feature, of standardised features. */
    readonly coefficients: readonly ArrayLike<number>[];
  };
  /** The criterion along the path, in any order; its derivative is drawn where all points have it. */
  readonly criterionCurve: readonly (CriterionPoint & { readonly gradient?: number })[];
  /** By the search, in order. At least one. */
  readonly visited: readonly VisitedPoint[];
  readonly chosen: CriterionPoint & {
    /** One for each feature, of standardised features. */
    readonly coefficients: ArrayLike<number>;
    /** The features, counted from 0, with a coefficient other than 0. */
    readonly support: readonly number[];
    /** The same model for features as they are. */
    readonly model?: LinearModel;
  };
  /** The best point of a grid search for a single λ, and how many solves of the Lasso that takes. */
  readonly grid: CriterionPoint & { readonly solves: number };
  /** Of the Lasso, by the search. */
  readonly solves: number;
  /** Of the whole run. */
  readonly seconds: number;
  readonly backend: string;
  readonly warnings: readonly string[];
}
