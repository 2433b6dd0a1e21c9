/**
 * The peak performance of graphics cards by their makers' data sheets: float32 without tensor cores, which WebGPU does
 * not use.
 */

interface Peak {
  readonly name: RegExp;
  readonly teraflops: number;
}

/** More specific names come first. */
const PEAKS: readonly Peak[] = [
  { name: /\bGH200\b|\bH200\b/, teraflops: 67 },
  { name: /\bH100 PCIe\b/, teraflops: 51 },
  { name: /\bH100 NVL\b/, teraflops: 60 },
  { name: /\bH100\b/, teraflops: 67 },
  { name: /\bA100\b/, teraflops: 19.5 },
  { name: /\bA40\b/, teraflops: 37.4 },
  { name: /\bA10\b/, teraflops: 31.2 },
  { name: /\bL40S\b/, teraflops: 91.6 },
  { name: /\bL4\b/, teraflops: 30.3 },
  { name: /\bT4\b/, teraflops: 8.1 },
  { name: /\bV100\b.*\bSXM/, teraflops: 15.7 },
  { name: /\bV100\b/, teraflops: 14 },
  { name: /\bRTX 4090\b/, teraflops: 82.6 },
  { name: /\bRTX 3090\b(?! Ti)/, teraflops: 35.6 },
  { name: /\bRTX 2080 Ti\b/, teraflops: 13.4 },
];

export interface StatedPeak {
  /** 10¹² floating-point operations a second. */
  readonly teraflops: number;
  /** The source of the number. */
  readonly source: string;
}

/**
 * The peak of an adapter. Undefined where neither the caller nor the table knows it; the report then states no share of
 * a peak.
 * @param given the peak that the caller states
 */
export function peakOf(adapter: string, given?: number): StatedPeak | undefined {
  if (given !== undefined) return { teraflops: given, source: 'given with --peak' };
  const known = PEAKS.find(({ name }) => name.test(adapter));
  return known && { teraflops: known.teraflops, source: "the maker's data sheet, float32 without tensor cores" };
}
