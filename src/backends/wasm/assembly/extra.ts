// The second module, as the first one sees it; the host loads it before a Program runs that needs it.
import { Extra } from '../extra-instructions';
import { tableInUse, word } from './memory';

declare function perform(table: usize, at: usize, first: i32, last: i32): void;

/** The units `first` to `last` of those that are under way. */
export function performExtra(at: usize, first: i32, last: i32): void {
  const done = word(at, Extra.done);
  perform(tableInUse(), at, done + first, done + last);
}
