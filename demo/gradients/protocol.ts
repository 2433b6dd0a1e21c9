/** What the page asks of the worker that computes the exhibits, in float64. */

import type { Matrix } from '../../src/gallery/clarke.ts';
import type { Point } from '../../src/gallery/descent.ts';
import type { Vector } from '../../src/gallery/lorenz.ts';
import type { ImplicitCertificate } from '../../src/index.ts';
import type { Call } from '../workers/calls.ts';

export type Status = ImplicitCertificate['status'];

/** Of a certificate, what is shown. */
export interface Verdict {
  readonly status: Status;
  readonly reason: string;
  readonly kinks: number;
}

export type LineName = 'cycling' | 'calm';

export interface DescentPart {
  readonly points: readonly Point[];
  /** Of the certificate within RADIUS of each point. */
  readonly statuses: readonly Status[];
}

/** What the library answers, or its words where it refuses. */
export type Answer<Value> = { readonly value: Value; readonly refusal?: undefined } | { readonly refusal: string };

export interface LorenzAnswers {
  readonly at: Vector;
  /** By how far the inner solution is off in each coordinate. */
  readonly answers: readonly {
    readonly distance: number;
    readonly answer: Answer<Vector>;
    readonly verdict: Verdict;
  }[];
  readonly trueGradient: Vector;
  /** What ascent follows where dz/du is dropped. */
  readonly dropped: Vector;
}

export interface GradientCalls {
  readonly descend: Call<{ line: LineName; start: Point; steps: number }, undefined, DescentPart>;
  readonly ascend: Call<{ kind: 'dropped' | 'true'; from: Vector; steps: number }, undefined, readonly Vector[]>;
  readonly answers: Call<Vector, LorenzAnswers>;
  readonly clarke: Call<{ alpha: number; beta: number; slope: number }, { inverse: Answer<Matrix>; verdict: Verdict }>;
}
