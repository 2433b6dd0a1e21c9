/** A benchmark as a command: its help, wrong options in one line, and its exit code; and what its results say of the run. */
import { cpus } from 'node:os';
import { EXIT, InputError } from '../src/cli/io.ts';
import { readVersion } from '../src/cli/version.ts';

interface Command<Options> {
  /** Undefined where `--help` is asked for. @throws InputError where an option is wrong */
  readonly readOptions: (argv: readonly string[]) => Options | undefined;
  readonly help: () => string;
  /** Returns the exit code. */
  readonly bench: (options: Options) => Promise<number>;
}

/** Runs the command with the arguments of this process, whose exit code is set. */
export async function runCommand<Options>({ readOptions, help, bench }: Command<Options>): Promise<void> {
  try {
    const options = readOptions(process.argv.slice(2));
    if (options) {
      process.exitCode = await bench(options);
    } else {
      process.stdout.write(help());
      process.exitCode = EXIT.done;
    }
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    console.error(error.message);
    process.exitCode = EXIT.badInput;
  }
}

/** When a benchmark ran, with which versions, and on what. */
export interface RunDescription {
  readonly date: string;
  readonly equilibra: string;
  readonly node: string;
  readonly processor: { readonly name: string; readonly cores: number };
}

/** Describes the run that is going on. */
export function describeRun(): RunDescription {
  const processors = cpus();
  return {
    date: new Date().toISOString(),
    equilibra: readVersion(),
    node: process.versions.node,
    processor: { name: processors[0]?.model.trim() ?? 'unknown', cores: processors.length },
  };
}
