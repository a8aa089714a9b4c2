import assert from "node:assert/strict";
import type { Result } from "../bench/result.ts";
import { sampleWithPaper } from "../report/_sample_paper.ts";
import { sampleResult } from "../report/_sample_result.ts";
import { HOSTILE_TEXTS, sampleWithText } from "../report/_sample_with_text.ts";
import { encodeOutcomes } from "../statistics/outcome_bits.ts";
import { printSummary } from "./print_summary.ts";

Deno.test("printSummary() prints no control character of a title, label or attack", () => {
  for (const hostile of [...HOSTILE_TEXTS, "a\x1b]0;owned\x07\n\u202Eb"]) {
    let text = "";
    const write = (part: string): void => void (text += part);
    printSummary(sampleWithText(hostile), { write, isTerminal: true, colors: false, columns: () => 200 });
    assert.match(text, /^[^\p{Cc}\p{Cf}]+(\n[^\p{Cc}\p{Cf}]+)+\n$/u);
  }
});

Deno.test("printSummary() gives each of the paper's figures one line with its verdict, and says that a suite was scaled", () => {
  const result = sampleWithPaper();
  const scaled = { ...result, suite: { ...result.suite, scaled: { epochs: 0.05, data: 0.2 } } };
  assert.deepEqual(linesOf(result).slice(-14, -8), [
    "  pgd-7, clean: paper 96.42 %, measured 96.40 % ± 0.00: confirmed",
    "  pgd-7, PGD-50: paper 79.00 %, measured 78.00 % ± 1.39: confirmed",
    "  pgd-7, CW: paper 80.00 %, measured –: not comparable (attack not run)",
    "  pgd-7, minutes: paper 120 min, measured 1.85 min ± 0.0277: not comparable (other hardware)",
    "  yopo-5-3, clean: paper 98.10 %, measured 96.60 % ± 0.00: not confirmed",
    "  yopo-5-3, PGD-50: paper 81.00 %, measured 81.00 % ± 1.22: confirmed",
  ]);
  const lines = linesOf(scaled);
  assert.match(lines[0] ?? "", /ε 0\.2 \(epochs × 0\.05, training images × 0\.2\): accuracies/);
  assert.ok(lines.includes("  pgd-7, PGD-50: paper 79.00 %, measured 78.00 % ± 1.39: not comparable (scaled)"));
  assert.ok(!linesOf(sampleResult()).some((line) => line.includes("paper")));
});

Deno.test("printSummary() shows the strong accuracy beside the time to each target, where the suite has a strong attack", () => {
  const lines = linesOf(sampleResult({ strong: true }));
  assert.match(lines.find((line) => line.includes("to natural")) ?? "", /to 60 % robust +│ APGD-CE\+T there +│/);
  assert.match(lines.find((line) => line.includes("yopo-5-3")) ?? "", /│ 32\.0 s .* │ 58\.7 % \[53\.0, 64\.1\] │/);
  assert.ok(!linesOf(sampleResult()).some((line) => /there|hollow|out of order/.test(line)));
});

Deno.test("printSummary() warns of hollow targets and of attacks out of order", () => {
  const result = sampleResult({ strong: true, targets: [0.6] });
  const [none, all] = [encodeOutcomes(Array(300).fill(0)), encodeOutcomes(Array(2000).fill(1))];
  const runs = result.runs.slice(-1).map((run) => {
    const last = run.final.last;
    const crossings = run.final.crossings.map((crossing) => ({
      ...crossing,
      judged: crossing.judged && {
        ...crossing.judged,
        robust: crossing.judged.robust.map((row) => ({ ...row, correct: 0, accuracy: 0, correctBits: none })),
      },
    }));
    const robust = last?.robust.map((row) => row.count === 2000 ? { ...row, correct: 2000, correctBits: all } : row);
    return { ...run, final: { ...run.final, last: last && { ...last, robust: robust ?? [] }, crossings } };
  });
  const lines = linesOf({ ...result, runs });
  assert.match(
    lines.at(-2) ?? "",
    /^attacks out of order: 2 times a stronger attack left more .* see report\.md before/,
  );
  assert.equal(lines.at(-1), "hollow: yopo-5-3 (seed 0) has 0.0 % by APGD-CE+T where 60 % was reached");
});

function linesOf(result: Result): string[] {
  let text = "";
  const write = (part: string): void => void (text += part);
  printSummary(result, { write, isTerminal: true, colors: false, columns: () => 200 });
  return text.trimEnd().split("\n");
}
