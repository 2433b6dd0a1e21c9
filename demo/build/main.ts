/** `npm run demo`: builds the web app and serves it on localhost. */
import { parseArgs } from 'node:util';
import { buildDemo } from './build.ts';
import { formatKilobytes, LIMIT } from './library-size.ts';
import { serve } from './serve.ts';

const { values } = parseArgs({
  options: { port: { type: 'string', default: '8080' }, 'build-only': { type: 'boolean', default: false } },
});

console.log('Building the web app, which takes a quarter of a minute or so.');
const { folder, library } = await buildDemo(undefined, undefined, { tell: (sentence) => console.log(`  ${sentence}`) });
for (const { name, bytes } of library) console.log(`${formatKilobytes(bytes).padStart(8)}  library, gzipped: ${name}`);
console.log(`built ${folder} (the limit to train on WebGPU is ${formatKilobytes(LIMIT)})`);
if (!values['build-only']) {
  const { url } = await serve(folder, Number(values.port));
  console.log(`\nEquilibra is at ${url}/  (Ctrl-C ends it)`);
}
