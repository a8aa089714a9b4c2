import assert from "node:assert/strict";
import { twoColumns, wrap } from "./columns.ts";
import { shellWords } from "./shell_words.ts";

Deno.test("twoColumns() aligns the texts, wraps them at words and gives a long name its own line", () => {
  const long = "--a-name-that-is-longer-than-thirty-letters";
  assert.equal(
    twoColumns([["--out DIR", "where the results of the run go"], ["--json", "JSON"], [long, "text"]], 40),
    `  --out DIR  where the results of the
             run go
  --json     JSON
  ${long}
             text`,
  );
});

Deno.test("wrap() never cuts a word", () => {
  assert.deepEqual(wrap("a bb incomprehensibilities c", 6), ["a bb", "incomprehensibilities", "c"]);
});

Deno.test("shellWords() quotes what a shell would interpret", () => {
  assert.equal(
    shellWords(["bench", "--set", "runs.*.epochs=1", "it's", ""]),
    `bench --set 'runs.*.epochs=1' 'it'\\''s' ''`,
  );
});
