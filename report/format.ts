/** Numbers as the report shows them. Units are always written; nothing here is ever read back. @module */

import type { Spread } from "../statistics/spread.ts";
import type { Interval } from "../statistics/wilson.ts";
import type { Accuracy } from "./accuracy.ts";

/** What stands where there is no number. */
export const NONE = "–";

/** Three significant digits, never in powers of ten: 0.0123, 1.23, 12.3, 123, 1234. */
export function digits(value: number): string {
  if (value === 0) return "0";
  const magnitude = Math.floor(Math.log10(Math.abs(value)));
  const text = value.toFixed(Math.min(20, Math.max(0, 2 - magnitude)));
  // 9.996 rounds to "10.00": one digit fewer behind the point once rounding has carried over.
  return Math.abs(Number(text)) >= 10 ** (magnitude + 1)
    ? value.toFixed(Math.min(20, Math.max(0, 1 - magnitude)))
    : text;
}

/** "45.1 ms" under a second, else "12.3 s". */
export function formatSeconds(seconds: number): string {
  return seconds > 0 && seconds < 0.9995 ? `${digits(seconds * 1000)} ms` : `${digits(seconds)} s`;
}

/** 0.9746 -> "97.5 %". */
export function formatPercent(fraction: number): string {
  return `${(fraction * 100).toFixed(1)} %`;
}

/** A target accuracy, such as 0.7 or 0.725: "70 %", "72.5 %". */
export function formatTarget(fraction: number): string {
  return `${Number((fraction * 100).toFixed(4))} %`;
}

/** 5.04 -> "5.04×". */
export function formatRatio(ratio: number): string {
  return `${digits(ratio)}×`;
}

/** Whole numbers as they are, others with up to two digits behind the point: 3, 0.14, 12.5. */
export function formatCount(count: number): string {
  return String(Number(count.toFixed(2)));
}

/** 4.1e9 bytes -> "3.8 GiB". */
export function formatBytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

/** The median, with the range behind it where several values differ in the digits shown, and with "k of n" where some are missing. */
export function formatSpread(spread: Spread | null, runs: number, format: (value: number) => string): string {
  if (spread === null) return NONE;
  const remarks = [];
  const [least, most] = [format(spread.min), format(spread.max)];
  if (least !== most) remarks.push(`${least} to ${most}`);
  if (spread.count < runs) remarks.push(`${spread.count} of ${runs}`);
  return format(spread.median) + (remarks.length > 0 ? ` (${remarks.join(", ")})` : "");
}

/** An accuracy: of one run with its interval, "80.4 % [78.6, 82.1]"; of several as `formatSpread` shows them. */
export function formatAccuracy(accuracy: Accuracy | null, runs: number): string {
  const shown = formatSpread(accuracy, runs, formatPercent);
  return accuracy === null || runs > 1 ? shown : `${shown} ${formatInterval(accuracy.interval)}`;
}

/** "80.4 % [78.6, 82.1]". */
export function formatShare(share: number, interval: Interval): string {
  return `${formatPercent(share)} ${formatInterval(interval)}`;
}

function formatInterval({ lower, upper }: Interval): string {
  return `[${(lower * 100).toFixed(1)}, ${(upper * 100).toFixed(1)}]`;
}

/** An option's value: up to four significant digits of a fraction, all of a whole number; lists with slashes. */
export function formatValue(value: unknown): string {
  if (Array.isArray(value)) return value.map(formatValue).join("/");
  return typeof value === "number" && !Number.isInteger(value) ? String(Number(value.toPrecision(4))) : String(value);
}
