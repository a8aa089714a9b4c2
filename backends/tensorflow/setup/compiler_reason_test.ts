import assert from "node:assert/strict";
import { compilerReason } from "./compiler_reason.ts";

const collect = "collect2: error: ld returned 1 exit status";
const cases: readonly (readonly [string, string, string, boolean])[] = [
  [
    "the first error of a source",
    "a.cc: In function 'f':\na.cc:3:5: error: 'x' was not declared\na.cc:4:5: error: later",
    "a.cc:3:5: error: 'x' was not declared",
    false,
  ],
  [
    "the symbol that the linker misses",
    `/usr/bin/ld: a.o: in function f:\na.cc:(.text+0x1): undefined reference to \`g'\n${collect}\n`,
    "a.cc:(.text+0x1): undefined reference to `g'",
    false,
  ],
  [
    "the linker's own line",
    `/usr/bin/ld: cannot find libx.so: No such file or directory\n${collect}\n`,
    "/usr/bin/ld: cannot find libx.so: No such file or directory",
    false,
  ],
  [
    "a full disk before everything else",
    `a.cc:1: error: other\n/usr/bin/ld: final link failed: No space left on device\n${collect}\n`,
    "/usr/bin/ld: final link failed: No space left on device",
    true,
  ],
  ["the last line where no other tells", "one\ntwo\n", "two", false],
  ["that there was nothing", "", "nothing", false],
];

for (const [what, output, reason, diskFull] of cases) {
  Deno.test(`compilerReason() finds ${what}`, () => {
    assert.deepEqual(compilerReason(output), { reason, diskFull });
  });
}
