/** The commands by name. A command is loaded when it is called, so that `equilibra --help` is immediate. */
import { EXIT, formatValue, InputError, type IO, suggestName, toOneLine } from './io.ts';
import { formatHelp, readArguments } from './options.ts';

/** Runs with the arguments after the command's name and returns the exit code. */
export type Command = (argv: readonly string[], io: IO) => Promise<number>;

const COMMANDS: Readonly<Record<string, { readonly summary: string; load(): Promise<Command> }>> = {
  train: {
    summary: 'train a monotone equilibrium model on digits, images or a CSV file',
    load: async () => (await import('./train.ts')).train,
  },
  predict: {
    summary: 'classify data with a trained model',
    load: async () => (await import('./predict.ts')).predict,
  },
  tune: {
    summary: 'choose the penalty of a Lasso for a CSV file, by gradient',
    load: async () => (await import('./tune.ts')).tune,
  },
  solve: {
    summary: 'solve a problem given as JSON, with gradients',
    load: async () => (await import('./solve.ts')).solve,
  },
  gallery: {
    summary: 'show what goes wrong without the hypothesis of the theorem, on one HTML page',
    load: async () => (await import('./gallery.ts')).gallery,
  },
  doctor: {
    summary: 'report what works on this computer, and how to make the rest work',
    load: async () => (await import('./doctor.ts')).doctor,
  },
};

/**
 * Runs `equilibra` with these arguments and returns the exit code (see EXIT). It never throws: an error becomes one
 * line on standard error, and EQUILIBRA_DEBUG=1 adds the stack.
 */
export async function main(argv: readonly string[], io: IO): Promise<number> {
  try {
    return await dispatch(argv, io);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    io.error(`equilibra: ${toOneLine(message)}\n`);
    if (io.environment.EQUILIBRA_DEBUG === '1' && error instanceof Error) io.error(`${error.stack}\n`);
    return exitCodeOf(error);
  }
}

function exitCodeOf(error: unknown): number {
  if (error instanceof InputError) return EXIT.badInput;
  return error instanceof Error && error.name === 'ConvergenceError' ? EXIT.notConverged : EXIT.failure;
}

async function dispatch(argv: readonly string[], io: IO): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name.startsWith('-')) return runWithoutCommand(argv, io);
  if (!Object.hasOwn(COMMANDS, name)) {
    throw new InputError(
      `${formatValue(name)} is not a command; the commands are ${Object.keys(COMMANDS).join(', ')}${suggestName(name, Object.keys(COMMANDS))}`,
    );
  }
  const command = await COMMANDS[name].load();
  return command(rest, io);
}

async function runWithoutCommand(argv: readonly string[], io: IO): Promise<number> {
  const table = { version: { description: 'show the version' } };
  const { options, positionals } = readArguments('equilibra', table, argv);
  if (positionals.length > 0) {
    throw new InputError(`${formatValue(positionals[0])}: the command comes first: equilibra <command> [options]`);
  }
  if (options.version) {
    const { readVersion: version } = await import('./version.ts');
    io.out(`${version()}\n`);
    return EXIT.done;
  }
  const commands = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`);
  const summary = `Implicit layers on WebGPU.\n\n${commands.join('\n')}`;
  io.out(formatHelp('equilibra <command> [options]', summary, table, 'equilibra <command> --help explains a command.'));
  return EXIT.done;
}
