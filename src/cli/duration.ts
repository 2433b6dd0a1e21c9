/** Formats a duration for people, such as 12.3 s, 2 min 5 s or 3 h 20 min. */
export function formatDuration(seconds: number, digits = 1): string {
  if (seconds < 100) return `${seconds.toFixed(digits)} s`;
  const minutes = Math.floor(Math.round(seconds) / 60);
  if (minutes < 100) return `${minutes} min ${Math.round(seconds) % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
