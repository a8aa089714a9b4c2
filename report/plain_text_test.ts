import assert from "node:assert/strict";
import { plainText, shortText } from "./plain_text.ts";

Deno.test("plainText() leaves one line of valid characters", () => {
  assert.equal(plainText("a\r\n\tb\u0000c\u2028d"), "a b c d");
  assert.equal(plainText("  PGD-20, L∞ ε=8/255  "), "PGD-20, L∞ ε=8/255");
  assert.equal(plainText("evil\u202Etxt\u2066\uFEFF\uFFFE"), "eviltxt");
  assert.ok(plainText("\uD800x").isWellFormed());
});

Deno.test("shortText() cuts by whole characters and says so", () => {
  assert.equal(shortText("abcdef", 6), "abcdef");
  assert.equal(shortText("abcdefg", 6), "abcde…");
  assert.equal(shortText("😀😀😀", 2), "😀…");
});
