#!/usr/bin/env node
import { main } from './commands.ts';
import { EXIT, processIO } from './io.ts';

// A pipe may be closed before everything is written, as in `equilibra solve problem.json | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? EXIT.done : EXIT.failure);
});

const code = await main(process.argv.slice(2), processIO);
// Dawn keeps the process alive, so it must be ended here, but only once both streams are flushed.
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
