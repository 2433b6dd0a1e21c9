/** The calls from the page to the worker that computes the exhibits, in float64. */
import type { Matrix } from '../../src/gallery/clarke.ts';
import type { Point } from '../../src/gallery/descent.ts';
import type { Vector } from '../../src/gallery/lorenz-field.ts';
import type { ImplicitCertificate } from '../../src/index.ts';
import type { Call } from '../workers/calls.ts';

export type Status = ImplicitCertificate['status'];

/** The part of a certificate that is shown. */
export interface Verdict {
  readonly status: Status;
  readonly reason: string;
  readonly kinks: number;
}

export type LineName = 'cycling' | 'calm';

interface DescentPart {
  readonly points: readonly Point[];
  /** The status of the layer's certificate at each point. */
  readonly statuses: readonly Status[];
  /** The points at which these steps cross the line, and the status there. */
  readonly crossings: readonly Point[];
  readonly crossed: readonly Status[];
}

/** The library's answer, or its error message where it refuses. */
export type Answer<Value> = { readonly value: Value; readonly refusal?: undefined } | { readonly refusal: string };

export interface LorenzAnswers {
  readonly at: Vector;
  /** `distance` is the error of the inner solution in each coordinate. */
  readonly answers: readonly {
    readonly distance: number;
    readonly answer: Answer<Vector>;
    readonly verdict: Verdict;
  }[];
  readonly trueGradient: Vector;
  /** The direction that ascent follows where dz/du is dropped. */
  readonly dropped: Vector;
}

export interface GradientCalls {
  readonly descend: Call<{ line: LineName; start: Point; steps: number }, undefined, DescentPart>;
  readonly ascend: Call<{ kind: 'dropped' | 'true'; from: Vector; steps: number }, undefined, readonly Vector[]>;
  readonly answers: Call<Vector, LorenzAnswers>;
  readonly clarke: Call<{ alpha: number; beta: number; slope: number }, { inverse: Answer<Matrix>; verdict: Verdict }>;
}
