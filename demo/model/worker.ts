/** The worker for models of rows of numbers, which the page starts with. */
import { monotone } from '../../src/index.ts';
import { serveModel } from './serve.ts';

serveModel({ monotone });
