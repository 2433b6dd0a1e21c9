/** The worker for models of rows of numbers, which the page starts with. */
import { serveModel } from './serve.ts';

serveModel();
