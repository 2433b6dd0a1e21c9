/** The derivatives of a fitted model, and what the answer has where they are not certified. */
import { pushforward } from '../autodiff/jacobian-products.ts';
import type { Tape } from '../autodiff/tape.ts';
import type { CertificateStatus, DerivativeRange, LinearReport, SolveReport, Tensor } from '../index.ts';
import { type Nested, nest } from './matrix.ts';
import { type PerProblem, perProblemShape } from './model-fields.ts';
import { areSolved, createReportAnswer, type ReportAnswer } from './report-answer.ts';

/** What a model is differentiated in, and along. */
interface Differentiated {
  readonly tape: Tape;
  /** log λ or log C: the tangents are those along it. */
  readonly logarithm: Tensor;
  readonly ones: Tensor;
  /** The other data by the names of their keys. */
  readonly data: Readonly<Record<string, Tensor>>;
  readonly outputs: readonly Tensor[];
  /** The cotangent of the first of the outputs. */
  readonly v: Tensor | undefined;
}

export interface ModelDerivatives {
  /** dβ/d log λ and the like of all problems, one for each of the outputs. */
  readonly tangents: readonly ArrayLike<number>[];
  /** The gradients of Σ v∘β by the names of keys; undefined without v. */
  readonly gradients:
    | Readonly<Record<string, { readonly values: ArrayLike<number>; readonly shape: readonly number[] }>>
    | undefined;
}

/** @param key the name of the logarithm */
export async function differentiateModel(
  key: string,
  { tape, logarithm, ones, data, outputs, v }: Differentiated,
): Promise<ModelDerivatives> {
  const tangents = pushforward(tape, [logarithm], [ones], outputs);
  const inputs = { ...data, [key]: logarithm };
  const pulled = v && tape.pullback(outputs[0], Object.values(inputs), v);
  return {
    tangents: await Promise.all(tangents.map((tangent) => tangent.data())),
    gradients:
      pulled &&
      Object.fromEntries(
        await Promise.all(
          Object.keys(inputs).map(async (name, index) => {
            const { shape } = pulled[index];
            return [name, { values: await pulled[index].data(), shape }] as const;
          }),
        ),
      ),
  };
}

/**
 * The gradients of the answer, as `grad_` and the key. They are null without a certificate: those of the data where one of the
 * problems has none, for it takes part in them, and that of the logarithm for this problem.
 */
export function nameGradients(
  key: string,
  { gradients }: ModelDerivatives,
  statuses: readonly CertificateStatus[],
  problems: PerProblem,
): Readonly<Record<`grad_${string}`, Nested | null | readonly (Nested | null)[]>> {
  const areCertified = statuses.every((status) => status === 'certified');
  const named = Object.entries(gradients ?? {}).map(([name, { values, shape }]) => {
    if (name === key) return [`grad_${name}`, perCertified(statuses, problems, values, [])];
    return [`grad_${name}`, areCertified ? nest(values, shape) : null];
  });
  return Object.fromEntries(named);
}

/** The numbers of each problem in this shape, or null where it is not certified. */
export function perCertified(
  statuses: readonly CertificateStatus[],
  problems: PerProblem,
  values: ArrayLike<number>,
  shape: readonly number[],
): Nested | null | readonly (Nested | null)[] {
  const all = nest(values, [statuses.length, ...shape]) as readonly Nested[];
  const certified = all.map((each, index) => (statuses[index] === 'certified' ? each : null));
  return typeof problems === 'number' ? certified[0] : certified;
}

/** The numbers of each problem in this shape. */
export function perProblem(problems: PerProblem, values: ArrayLike<number>, shape: readonly number[]): Nested {
  return nest(values, perProblemShape(problems, shape));
}

/** One value where there is one problem, or the list of all. */
export function oneOrAll<T>(problems: PerProblem, values: readonly T[]): T | readonly T[] {
  return typeof problems === 'number' ? values[0] : values;
}

/** The range of vᵀ·dβ/d log λ over all selections at kinks. */
export interface IntervalAnswer extends DerivativeRange {
  readonly kinks: readonly number[];
}

/** The reports of the solves for derivatives: along the logarithm, and with v for the gradients. */
export interface LinearReports {
  readonly backward: ReportAnswer;
  readonly gradient?: ReportAnswer;
}

export async function readLinearReports(reports: readonly Promise<LinearReport>[]): Promise<LinearReports> {
  const [backward, gradient] = (await Promise.all(reports)).map(createReportAnswer);
  return { backward, ...(gradient && { gradient }) };
}

/** Whether all problems were solved, and all derivatives that are not null. */
export function isModelSolved(
  { samples }: SolveReport,
  { backward, gradient }: LinearReports,
  statuses: readonly CertificateStatus[],
): boolean {
  const derivatives = [backward, ...(gradient ? [gradient] : [])].flatMap(({ status }) =>
    status.filter((_, index) => statuses[index] === 'certified'),
  );
  return areSolved([...samples.map(({ status }) => status), ...derivatives]);
}
