/** What a report format is: the result in, the bytes of one file out. @module */

import type { Result } from "../bench/result.ts";

/** One format of the report. The same result gives the same bytes: no clock, no random number, no tensor, and nothing
 *  read from the disk but the format's own assets (a font, a .wasm file of a package). */
export interface Exporter {
  /** What it is called on the command line and in messages, such as "markdown". */
  readonly format: string;
  /** Name of its file in the result folder, such as "report.md". */
  readonly fileName: string;
  render(result: Result): Promise<Uint8Array | string> | Uint8Array | string;
}
