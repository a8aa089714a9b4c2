/** Writing what the work does not depend on. @module */

import type { Output } from "./io.ts";

/** The same stream, silent after the first write that fails: a reader that has gone, or a full disk behind stderr, must
 *  not end a training run. */
export function tolerant(output: Output): Output {
  let lost = false;
  return {
    ...output,
    write(text) {
      if (lost) return;
      try {
        output.write(text);
      } catch {
        lost = true;
      }
    },
  };
}
