import { work } from './work.js';

console.log(JSON.stringify({ wasm: await work('wasm'), cpu: await work('cpu') }));
