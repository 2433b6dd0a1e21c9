import { CertificateError, ConvergenceError } from '../index.ts';

/**
 * Returns the library's answer, or the message of its error where a solve has failed, or where the hypothesis of the
 * theorem has.
 */
export async function catchRefusal<Answer extends object>(
  answer: () => Promise<Answer>,
): Promise<Answer | { readonly refusal: string }> {
  try {
    return await answer();
  } catch (error) {
    if (error instanceof ConvergenceError || error instanceof CertificateError) return { refusal: error.message };
    throw error;
  }
}
