// How the first module calls late ones. The host loads a late module before a Program runs that needs it.
import { Extra } from '../extra-instructions';
import { tableInUse, word } from './memory';

declare function perform(table: usize, at: usize, first: i32, last: i32): void;

/** Performs the units `first` to `last` of those in progress. */
export function performExtra(at: usize, first: i32, last: i32): void {
  const done = word(at, Extra.done);
  perform(tableInUse(), at, done + first, done + last);
}
