import { ConvergenceError } from '../index.ts';

/** What the library answers, or its words where it refuses: a solve that fails gives no gradient, it throws. */
export async function answerOrRefusal<Answer extends object>(
  answer: () => Promise<Answer>,
): Promise<Answer | { readonly refusal: string }> {
  try {
    return await answer();
  } catch (error) {
    if (error instanceof ConvergenceError) return { refusal: error.message };
    throw error;
  }
}
