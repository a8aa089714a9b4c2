/** Why a compiler or linker failed, from all that it printed. @module */

import { lastLine } from "./tools.ts";

/** The line that tells the reason; GCC's collect2 repeats after the linker that it failed. */
export function compilerReason(output: string): { readonly reason: string; readonly diskFull: boolean } {
  const lines = output.split("\n").map((line) => line.trim());
  const full = lines.find((line) => /no space left on device|disk quota exceeded/i.test(line));
  const reason = full ?? lines.find((line) => /undefined reference/.test(line)) ??
    lines.find((line) => /\berror:/i.test(line) && !line.startsWith("collect2:")) ??
    lines.find((line) => /\bld: /.test(line)) ?? lastLine(output);
  return { reason: reason === "" ? "nothing" : reason, diskFull: full !== undefined };
}
