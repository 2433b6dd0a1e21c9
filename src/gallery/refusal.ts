import { ConvergenceError } from '../index.ts';

/** Returns the library's answer, or the message of its ConvergenceError: where a solve fails, there is no gradient. */
export async function catchRefusal<Answer extends object>(
  answer: () => Promise<Answer>,
): Promise<Answer | { readonly refusal: string }> {
  try {
    return await answer();
  } catch (error) {
    if (error instanceof ConvergenceError) return { refusal: error.message };
    throw error;
  }
}
