/** Opens a table, and asks its user where something has to be decided or does not work. */
import { readMessage } from '../page/elements.ts';
import { mustAsk, type Purpose, suggestChoice, type TableChoice, type TableForm, type TableSource } from './choice.ts';
import type { InspectInput, TableFacts } from './facts.ts';

export interface TableOpener<Summary> {
  readonly purpose: Purpose;
  inspect(input: InspectInput): Promise<TableFacts>;
  open(source: TableSource): Promise<Summary>;
}

export interface OpenedTable<Summary> {
  readonly source: TableSource;
  readonly summary: Summary;
}

/**
 * @param known what was chosen before. Default: what the table suggests
 * @param always whether to ask even if nothing has to be decided
 * @returns undefined where the user leaves it at that
 * @throws Error where the table cannot be used and the user leaves it at that
 */
export async function openTable<Summary>(
  file: File,
  { purpose, inspect, open }: TableOpener<Summary>,
  { known, always = false }: { readonly known?: TableChoice; readonly always?: boolean } = {},
): Promise<OpenedTable<Summary> | undefined> {
  const read = (form: TableForm): Promise<TableFacts> => inspect({ file, form });
  let problem = '';
  let facts = await read(known?.form ?? {}).catch((error: unknown) => {
    problem = messageOfData(error);
    return undefined;
  });
  let choice = known ?? (facts && suggestChoice(facts, purpose));
  let isAsking = always || !facts || !choice || mustAsk(facts, choice);
  for (;;) {
    if (isAsking) {
      const { askAboutTable } = await import('./dialog.ts');
      const answer = await askAboutTable({ name: file.name, facts, choice, purpose, problem, read });
      if (!answer && problem) throw new Error(problem);
      if (!answer) return undefined;
      ({ facts, choice } = answer);
    }
    try {
      const source: TableSource = { kind: 'table', file, choice: choice as TableChoice };
      return { source, summary: await open(source) };
    } catch (error) {
      problem = messageOfData(error);
      isAsking = true;
    }
  }
}

/** The message of an error about the data, about which the user can do something. @throws any other error */
function messageOfData(error: unknown): string {
  if (error instanceof Error && error.name === 'DataError') return readMessage(error);
  throw error;
}
