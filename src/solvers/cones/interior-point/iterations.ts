/** The iterations of the interior point method, until they have shown what the program is or rounding ends them. */
import type { Interruptible } from '../../../backends/event-loop.ts';
import type { Regularisation } from '../../programs/kkt.ts';
import { largestMagnitude } from '../../programs/residuals.ts';
import { isShown } from '../certificates.ts';
import type { ConeSettings } from '../problem.ts';
import { type Judged, judge } from '../residuals.ts';
import { type Certificate, candidatesAt, isSuspected } from './certificates.ts';
import { Embedding } from './embedding.ts';
import { type ConeForm, pointOf } from './form.ts';
import { ConeProduct } from './product.ts';
import { refine } from './refinement.ts';
import { type Iterate, startOf } from './start.ts';
import { ConeSystem } from './system.ts';

/** Iterations without progress after which rounding has won. */
const PATIENCE = 12;
/** A number is less than before if it is at most this share of the least before. */
const LESS = 0.9;
/** A point that meets the tolerances this well is refined; one that meets them at all if no iteration gains any more. */
const WELL = 1e-2;
const GAINED = 0.3;
/** A point that meets the tolerances so well would not still grow if the optimum were attained. */
const BY_FAR = 1e-4;
/** A certificate is improved to this error, for as long as it gets better. */
const CERTIFICATE_ENOUGH = 1e-14;
/** Iterations that may show what is suspected before a program of its own is solved for it. */
const SUSPENSE = 4;

export interface Run {
  readonly outcome: 'met' | 'stalled' | 'limit' | 'shown';
  readonly iterations: number;
  /** The best point, of the given program. */
  readonly best: Judged;
  readonly certificate?: Certificate;
}

/** Looks for a certificate by a program of its own. */
export type Search = (status: Certificate['status']) => Interruptible<Certificate | undefined>;

/** @param search if it is left out, the program is known to have a solution */
export function* iterations(
  form: ConeForm,
  settings: ConeSettings,
  regularisation: Regularisation,
  search?: Search,
): Interruptible<Run> {
  const product = new ConeProduct(form);
  const system = yield* ConeSystem.of(form, product);
  const iterate = yield* startOf(form, product, system);
  const embedding = new Embedding(form, product, system, iterate, regularisation);
  const proof = new Proof(form, search);
  const growth = new Growth();
  const progress = new Progress();
  let best = yield* judge(form.given, pointOf(form, iterate), settings);
  let point = best;
  let before = Number.POSITIVE_INFINITY;
  for (let count = 0; ; count++) {
    growth.note(point.merit, iterate);
    if (point.merit < best.merit) best = point;
    const isMet = best.merit <= 1 && !growth.isEndless;
    if (isMet && (best.merit <= WELL || !(point.merit < GAINED * before))) {
      const refined = yield* refine(form, embedding, best, settings);
      return { outcome: 'met', iterations: count + refined.iterations, best: refined.best };
    }
    if (!isMet && best.merit <= BY_FAR) return { outcome: 'stalled', iterations: count, best };
    if (!isMet && (yield* proof.consider(iterate))) {
      return { outcome: 'shown', iterations: count, best, certificate: proof.certificate };
    }
    const isCut = count >= settings.limit || settings.isCutShort?.();
    const hasProgress = progress.note([point.merit, ...proof.errors]);
    const length = isCut || !hasProgress ? 0 : yield* embedding.step();
    if (length === 0) {
      const outcome = isMet ? 'met' : proof.certificate ? 'shown' : isCut ? 'limit' : 'stalled';
      return { outcome, iterations: count, best, certificate: proof.certificate };
    }
    before = Math.min(before, point.merit);
    point = yield* judge(form.given, pointOf(form, iterate), settings);
    yield;
  }
}

/** The certificate that the iterations approach, if they do. */
class Proof {
  /** The best that shows something. */
  certificate?: Certificate;
  /** The errors of the candidates at the last iterate, ∞ for those of the wrong sign. */
  errors: readonly number[] = [];
  private readonly form: ConeForm;
  private readonly search?: Search;
  private readonly suspense = { infeasible: 0, unbounded: 0 };

  constructor(form: ConeForm, search?: Search) {
    this.form = form;
    this.search = search;
  }

  /** @returns whether there is a certificate and no better one to be expected */
  *consider(iterate: Iterate): Interruptible<boolean> {
    const { form, search, suspense } = this;
    if (!search) return false;
    const candidates = candidatesAt(form, iterate);
    yield;
    this.errors = candidates.map(({ quality: { error, depth } }) => (depth > 0 ? error : Number.POSITIVE_INFINITY));
    const shown = candidates.find(({ quality }) => isShown(form.blocks, quality));
    if (this.certificate && !(shown && shown.quality.error < this.certificate.quality.error)) return true;
    this.certificate = shown;
    if (shown) return shown.quality.error <= CERTIFICATE_ENOUGH;
    for (const { status, quality } of candidates) {
      if (!isSuspected(quality) || ++suspense[status] !== SUSPENSE) continue;
      this.certificate = yield* search(status);
      if (this.certificate) return true;
    }
    return false;
  }
}

/**
 * Whether points that meet the tolerances ever better grow without end, as where the optimum is not attained. Those of
 * other programs converge.
 */
class Growth {
  private readonly history: { readonly merit: number; readonly size: number }[] = [];

  note(merit: number, { x, z, s, tau }: Iterate): void {
    this.history.push({ merit, size: Math.max(tau, ...[x, z, s].map(largestMagnitude)) / tau });
  }

  get isEndless(): boolean {
    const last = this.history[this.history.length - 1];
    const index = this.history.findIndex(({ merit }) => merit < 1e3 * last.merit);
    if (index === 0 || last.size < 100) return false;
    const before = this.history[index - 1];
    return Math.log(last.size / before.size) > 0.1 * Math.log(before.merit / last.merit);
  }
}

/** Remembers the least of what is to become 0. */
class Progress {
  private readonly least: number[] = [];
  private stagnant = 0;

  /** @returns whether one of them became less within the last iterations */
  note(values: readonly number[]): boolean {
    this.stagnant++;
    values.forEach((value, k) => {
      const least = this.least[k] ?? Number.POSITIVE_INFINITY;
      if (value < LESS * least) this.stagnant = 0;
      this.least[k] = Math.min(least, value);
    });
    return this.stagnant < PATIENCE;
  }
}
