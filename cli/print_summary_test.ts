import assert from "node:assert/strict";
import { HOSTILE_TEXTS, sampleWithText } from "../report/_sample_with_text.ts";
import { printSummary } from "./print_summary.ts";

Deno.test("printSummary() prints no control character of a title, label or attack", () => {
  for (const hostile of [...HOSTILE_TEXTS, "a\x1b]0;owned\x07\n\u202Eb"]) {
    let text = "";
    const write = (part: string): void => void (text += part);
    printSummary(sampleWithText(hostile), { write, isTerminal: true, colors: false, columns: () => 200 });
    assert.match(text, /^[^\p{Cc}\p{Cf}]+(\n[^\p{Cc}\p{Cf}]+)+\n$/u);
  }
});
