/** Published and measured figures as text: two digits behind the point, as the paper prints its accuracies. @module */

import { digits, NONE } from "./format.ts";
import type { Claim } from "./paper_claims.ts";

/** "96.27 %" or "476 min". */
export function formatPublished({ published, unit }: Claim): string {
  return withUnit(number(published, unit), unit);
}

/** "95.12 % ± 0.31": mean and standard deviation over the completed seeds, with how many never got there. */
export function formatMeasured({ measured, missed, unit }: Claim): string {
  if (measured === null) return missed > 0 ? "not reached" : NONE;
  const deviation = measured.deviation === null ? "" : ` ± ${number(measured.deviation, unit)}`;
  const few = missed > 0 ? ` (${measured.count} of ${measured.count + missed})` : "";
  return withUnit(number(measured.mean, unit), unit) + deviation + few;
}

function number(value: number, unit: Claim["unit"]): string {
  return unit === "fraction" ? (value * 100).toFixed(2) : digits(value);
}

function withUnit(text: string, unit: Claim["unit"]): string {
  return unit === "fraction" ? `${text} %` : `${text} min`;
}
