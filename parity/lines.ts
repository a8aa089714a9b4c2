/** The outcome of one quantity, and how it is printed. @module */

/** One line of `parity`. */
export interface ParityLine {
  readonly outcome: "pass" | "FAIL" | "unsupported";
  /** The manifest's `case`, or the manifest's path where it states none. */
  readonly case: string;
  readonly variant: string;
  readonly quantity: string;
  /** In the unit of the tolerance; null where nothing could be compared. */
  readonly error: number | null;
  readonly tolerance: number | null;
  /** Why nothing could be compared. */
  readonly reason?: string;
}

/** outcome, case, variant, quantity, error, tolerance, separated by tabs; a reason stands in the error's place. */
export function formatParityLine({ outcome, error, tolerance, reason, ...line }: ParityLine): string {
  const cells = [
    outcome,
    line.case,
    line.variant,
    line.quantity,
    reason ?? formatNumber(error),
    formatNumber(tolerance),
  ];
  return cells.map((cell) => cell.replaceAll(/\s+/g, " ")).join("\t");
}

function formatNumber(value: number | null): string {
  return value === null ? "-" : String(Number(value.toPrecision(3)));
}

/** Whether any quantity was compared; where none was, nothing is confirmed. */
export function replayedAny(lines: readonly ParityLine[]): boolean {
  return lines.some(({ outcome }) => outcome !== "unsupported");
}
