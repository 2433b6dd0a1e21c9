/** What is read of a fitted model: its numbers and derivatives, and what the answer has where these are not certified. */
import { pushforward } from '../autodiff/jacobian-products.ts';
import type { Tape } from '../autodiff/tape.ts';
import type { CertificateStatus, DerivativeRange, LinearReport, SolveReport, Tensor } from '../index.ts';
import type { Scope } from '../tensor/scope.ts';
import { type Nested, nest } from './matrix.ts';
import { type PerProblem, perProblemShape } from './model-fields.ts';
import { areSolved, createReportAnswer, type ReportAnswer } from './report-answer.ts';

/** What a model is differentiated in, and along. */
interface Differentiated {
  readonly scope: Scope;
  readonly tape: Tape;
  /** The name of the logarithm. */
  readonly key: string;
  /** log λ or log C: the tangents are those along it. */
  readonly logarithm: Tensor;
  /** The other data by the names of their keys. */
  readonly data: Readonly<Record<string, Tensor>>;
  /** The cotangent of the first of the outputs, in its order. */
  readonly v: readonly number[] | undefined;
}

/** A model that was solved for each of a batch of problems. */
interface FittedModel<Report, Certificate> {
  readonly report: Promise<Report>;
  readonly backwardReports: readonly Promise<LinearReport>[];
  certificate(): Promise<Certificate>;
  gradientInterval(cotangent: Tensor): Promise<readonly IntervalAnswer[]>;
}

/** Reads a model with its derivatives. `isSolved` says whether all problems were solved, and all derivatives that are not null. */
export async function readFittedModel<
  Report extends SolveReport,
  Certificate extends { readonly samples: readonly { readonly status: CertificateStatus }[] },
>(model: FittedModel<Report, Certificate>, outputs: readonly Tensor[], given: Differentiated) {
  const { scope, v } = given;
  const cotangent = v && scope.tensor(v, outputs[0].shape);
  const derivatives = await differentiateModel(outputs, given, cotangent);
  const [values, forward, linear, certificate, intervals] = await Promise.all([
    Promise.all(outputs.map((output) => output.data())),
    model.report,
    readLinearReports(model.backwardReports),
    model.certificate(),
    cotangent && model.gradientInterval(cotangent),
  ]);
  const statuses = certificate.samples.map(({ status }) => status);
  const isSolved = isModelSolved(forward, linear, statuses);
  return { values, derivatives, forward, linear, certificate, statuses, intervals, isSolved };
}

interface ModelDerivatives {
  /** dβ/d log λ and the like of all problems, one for each of the outputs. */
  readonly tangents: readonly ArrayLike<number>[];
  /** The gradients of Σ v∘β by the names of keys; undefined without v. */
  readonly gradients:
    | Readonly<Record<string, { readonly values: ArrayLike<number>; readonly shape: readonly number[] }>>
    | undefined;
}

async function differentiateModel(
  outputs: readonly Tensor[],
  { scope, tape, key, logarithm, data }: Differentiated,
  cotangent: Tensor | undefined,
): Promise<ModelDerivatives> {
  const ones = scope.tensor(new Float64Array(logarithm.size).fill(1));
  const tangents = pushforward(tape, [logarithm], [ones], outputs);
  const inputs = { ...data, [key]: logarithm };
  const pulled = cotangent && tape.pullback(outputs[0], Object.values(inputs), cotangent);
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

async function readLinearReports(reports: readonly Promise<LinearReport>[]): Promise<LinearReports> {
  const [backward, gradient] = (await Promise.all(reports)).map(createReportAnswer);
  return { backward, ...(gradient && { gradient }) };
}

function isModelSolved(
  { samples }: SolveReport,
  { backward, gradient }: LinearReports,
  statuses: readonly CertificateStatus[],
): boolean {
  const derivatives = [backward, ...(gradient ? [gradient] : [])].flatMap(({ status }) =>
    status.filter((_, index) => statuses[index] === 'certified'),
  );
  return areSolved([...samples.map(({ status }) => status), ...derivatives]);
}
