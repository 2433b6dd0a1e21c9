/**
 * Runs several computations, each of which asks one question at a time, and answers the questions of all of them
 * together, as soon as every computation that is still running has asked.
 * @param answer answers one question of each computation, by the number of the computation
 * @param work runs the computation with this number
 */
export async function answerTogether<Question, Answer, Result>(
  count: number,
  answer: (questions: ReadonlyMap<number, Question>) => Promise<ReadonlyMap<number, Answer>>,
  work: (index: number, ask: (question: Question) => Promise<Answer>) => Promise<Result>,
): Promise<Result[]> {
  interface Asked {
    readonly question: Question;
    readonly resolve: (answer: Answer) => void;
    readonly reject: (reason: unknown) => void;
  }
  const asked = new Map<number, Asked>();
  let atWork = count;

  async function answerAll(): Promise<void> {
    if (asked.size === 0 || asked.size < atWork) return;
    const waiting = [...asked];
    asked.clear();
    try {
      const answers = await answer(new Map(waiting.map(([index, { question }]) => [index, question])));
      for (const [index, { resolve }] of waiting) resolve(answers.get(index) as Answer);
    } catch (error) {
      for (const [, { reject }] of waiting) reject(error);
    }
  }

  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      try {
        return await work(
          index,
          (question) =>
            new Promise((resolve, reject) => {
              asked.set(index, { question, resolve, reject });
              void answerAll();
            }),
        );
      } finally {
        atWork -= 1;
        void answerAll();
      }
    }),
  );
}
