/** Numbers as people read them. */

export const count = (value: number): string => Math.round(value).toLocaleString('en');

/** Short form for counters that run: 950, 12.4 k, 3.1 M, 2.0 G. */
export function short(value: number): string {
  if (value < 10_000) return count(value);
  for (const [size, unit] of [
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const) {
    if (value >= size) return `${(value / size).toFixed(value / size >= 100 ? 0 : 1)} ${unit}`;
  }
  return count(value);
}

export function bytes(value: number): string {
  if (value < 1024) return `${count(value)} B`;
  if (value < 1024 * 1024) return `${(value / 1024).toFixed(1)} KiB`;
  return `${(value / 1024 / 1024).toFixed(1)} MiB`;
}

export const address = (value: number): string => `0x${value.toString(16).padStart(8, '0')}`;

export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  return `${(milliseconds / 1000).toFixed(milliseconds < 10_000 ? 2 : 1)} s`;
}
