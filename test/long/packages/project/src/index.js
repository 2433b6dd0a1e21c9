import { work } from './work.js';

const backend = new URLSearchParams(location.search).get('backend');

work(backend).then(
  (result) => {
    globalThis.outcome = result;
  },
  (error) => {
    globalThis.outcome = { error: String(error) };
  },
);
