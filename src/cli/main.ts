#!/usr/bin/env node
import { main } from './commands.ts';
import { EXIT, processIO } from './io.ts';

// The reader of a pipe may go before everything is written: `equilibra solve problem.json | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? EXIT.done : EXIT.failure);
});

const code = await main(process.argv.slice(2), processIO);
// Dawn keeps Node alive, and what is written to a pipe may still be under way.
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
