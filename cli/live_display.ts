/** Shows progress on stderr: redrawn lines on a terminal, plain lines elsewhere. @module */

import type { Observe } from "../bench/progress.ts";
import type { Io } from "./io.ts";
import { advance, drawLevels, emptyView, levels, settledLines } from "./progress.ts";
import { tolerant } from "./tolerant.ts";

/** Between two drawings on a terminal. */
const REDRAW_MILLISECONDS = 100;

/** A display that listens to a job. */
export interface Display {
  readonly observe: Observe;
  /** Prints a line that stays. */
  say(line: string): void;
  /** Wipes the redrawn lines; call it before anything else is printed. */
  clear(): void;
}

/** Says nothing. */
export const quietDisplay: Display = { observe() {}, say() {}, clear() {} };

/** Shows every event on `io.err`, as long as that can be written to. */
export function liveDisplay(io: Pick<Io, "err" | "now">): Display {
  const err = tolerant(io.err);
  let view = emptyView, drawn = 0, lastDraw = -Infinity;
  const erase = (): string => {
    const codes = drawn === 0 ? "" : `\x1b[${drawn}A\x1b[J`;
    drawn = 0;
    return codes;
  };
  const put = (settled: readonly string[], redraw: boolean): void => {
    const lines = redraw ? drawLevels(levels(view, io.now()), err.columns()) : [];
    const text = erase() + [...settled, ...lines].map((line) => `${line}\n`).join("");
    drawn = lines.length;
    if (text !== "") err.write(text);
  };
  return {
    observe(event) {
      const now = io.now();
      const settled = settledLines(view, event, now, err.isTerminal);
      view = advance(view, event, now);
      const due = err.isTerminal && (settled.length > 0 || now - lastDraw >= REDRAW_MILLISECONDS);
      if (due) lastDraw = now;
      if (due || settled.length > 0) put(settled, due);
    },
    say: (line) => put([line], err.isTerminal),
    clear: () => put([], false),
  };
}
