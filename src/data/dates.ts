/** Dates as files contain them, and as numbers: days since 1 January 1970. */

/** Whether 03/04/2020 is 3 April ('day-first') or 4 March ('month-first'). */
export type DateOrder = 'day-first' | 'month-first';

const TIME = String.raw`(?:[T ]\s*(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d+)?))?\s*([ap]m)?\s*(Z|[+-]\d{2}:?\d{2})?)?`;
const YEAR_FIRST = new RegExp(String.raw`^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})${TIME}$`, 'i');
const YEAR_LAST = new RegExp(String.raw`^(\d{1,2})([-/.])(\d{1,2})\2(\d{4})${TIME}$`, 'i');
/** A date with a two-digit year. Neither its century nor the position of the year is known, so it is not read. */
const SHORT = /^\d{1,2}([-/.])\d{1,2}\1\d{2}(?:[T ].*)?$/;

/** Whether the cell looks like a date, in any order. */
export function isDateLike(cell: string): boolean {
  return YEAR_FIRST.test(cell) || YEAR_LAST.test(cell);
}

export function isShortDate(cell: string): boolean {
  return SHORT.test(cell);
}

/**
 * Reads a date as YYYY-MM-DD, with its time if it has one. Returns undefined where the cell is no date or names a day
 * that does not exist. In dates with points, as in 3.4.2020, the day always comes first.
 */
export function readISODate(cell: string, order: DateOrder): string | undefined {
  const first = YEAR_FIRST.exec(cell);
  const last = first ? undefined : YEAR_LAST.exec(cell);
  const found = first ?? last;
  if (!found) return undefined;
  const [, a, separator, b, c, ...time] = found;
  const isMonthFirst = order === 'month-first' && separator !== '.';
  const [year, month, day] = first ? [a, b, c] : isMonthFirst ? [c, a, b] : [c, b, a];
  const clock = readClock(time);
  if (clock === undefined || !isInCalendar(Number(year), Number(month), Number(day))) return undefined;
  return `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}${clock}`;
}

/** Whether the cell is a date in both orders, and not the same date. */
export function hasTwoOrders(cell: string): boolean {
  const [day, month] = [readISODate(cell, 'day-first'), readISODate(cell, 'month-first')];
  return day !== undefined && month !== undefined && day !== month;
}

function isInCalendar(year: number, month: number, day: number): boolean {
  return month >= 1 && month <= 12 && day >= 1 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}

/** The time in the form of ISO 8601; empty where there is none, undefined where it is not valid. */
function readClock([hour, minute, second = '00', half, zone = '']: readonly (string | undefined)[]):
  | string
  | undefined {
  if (hour === undefined || minute === undefined) return '';
  const given = Number(hour);
  if (given > (half ? 12 : 23) || Number(minute) > 59 || Number(second) >= 60 || (half && given < 1)) return undefined;
  const hours = half ? (given % 12) + (half.toLowerCase() === 'pm' ? 12 : 0) : given;
  const offset = /^[+-]\d{4}$/.test(zone) ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone;
  return `T${String(hours).padStart(2, '0')}:${minute}:${second}${offset.toUpperCase()}`;
}

/** Reads a date in the form of `readISODate` as days since 1 January 1970. A time without a zone is in UTC. */
export function readDays(cell: string): number | undefined {
  if (!YEAR_FIRST.test(cell)) return undefined;
  const text = readISODate(cell, 'day-first');
  if (text === undefined) return undefined;
  const isZoned = /(Z|[+-]\d{2}:\d{2})$/.test(text.slice(10));
  return Date.parse(text.includes('T') && !isZoned ? `${text}Z` : text) / 86_400_000;
}
