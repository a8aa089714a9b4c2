import assert from "node:assert/strict";
import type { FinalRow, Result } from "../bench/result.ts";
import { encodeOutcomes } from "../statistics/outcome_bits.ts";
import { sampleResult } from "./_sample_result.ts";
import { markdown } from "./markdown.ts";
import { orderChecks, orderNotes, orderNotice } from "./markdown_order.ts";

/** One run of the sample, whose last weights keep the first n of 100 images under each attack. */
function withCorrect(clean: number, correct: Readonly<Record<string, number>>): Result {
  const result = sampleResult();
  const outcome = (right: number) => ({
    accuracy: right / 100,
    correct: right,
    count: 100,
    correctBits: encodeOutcomes(Array.from({ length: 100 }, (_, i) => i < right ? 1 : 0)),
  });
  const keys = Object.entries(result.attacks);
  const robust = Object.entries(correct).map(([name, right]) => ({
    attack: keys.find(([, attack]) => attack.name === name)?.[0] ?? name,
    ...outcome(right),
    seconds: 1,
    maxPerturbation: 0.2,
  }));
  const runs = result.runs.filter(({ label }) => label === "pgd-7").map((run) => {
    const last: FinalRow | null = run.final.last && { ...run.final.last, clean: outcome(clean), robust };
    return { ...run, final: { ...run.final, last, bestValidation: null } };
  });
  return { ...result, runs };
}

Deno.test("a significant inversion stands before the headline, with both figures and p", async () => {
  const text = await markdown.render(withCorrect(95, { "fgsm": 60, "pgd-50": 75 }));
  const [, , notice, , headline] = String(text).split("\n");
  assert.match(
    notice ?? "",
    /^\*\*Attacks out of order\*\*: \*\*pgd-7\*\* \(seed 0, weights: last\): PGD-50-3 left 75 \(75\.0 %\) of 100 images correct, more than the weaker FGSM with 60 \(60\.0 %\) \(exact McNemar test, p < 0\.0001\)\. /,
  );
  assert.match(notice ?? "", /find out why before trusting any of these accuracies\.$/);
  assert.match(headline ?? "", /^In this one run/);
});

Deno.test("a small inversion is a note with the attacks, and nothing stands at the top", async () => {
  const text = String(await markdown.render(withCorrect(95, { "fgsm": 60, "pgd-50": 62 })));
  assert.doesNotMatch(text, /out of order/);
  const attacks = text.slice(text.indexOf("## Attacks in full"), text.indexOf("## How the time"));
  assert.match(attacks, /3 pairs were compared; in 1 the stronger attack left more images correct:/);
  assert.match(
    attacks,
    /- \*\*pgd-7\*\* .*: PGD-50-3 left 62 .* the weaker FGSM with 60 \(60\.0 %\) \(small: p = 0\.5\)\.$/m,
  );
  assert.match(attacks, /It is no theorem, since step sizes and starts differ/);
});

Deno.test("FGSM above clean accuracy is named as suspected label leaking or gradient masking", () => {
  const checks = orderChecks(withCorrect(50, { "fgsm": 90, "pgd-50": 10 }));
  assert.match(
    orderNotice(checks),
    /FGSM left 90 \(90\.0 %\) of 100 images correct, more than the 50 \(50\.0 %\) without any attack \(exact McNemar test, p < 0\.0001\); FGSM above clean accuracy: suspected label leaking or gradient masking\./,
  );
});

Deno.test("orderNotes() of a record without outcomes compares counts and says nothing of significance", () => {
  const result = sampleResult();
  const swapped = { ...result.attacks };
  const [fgsm, pgd] = Object.keys(swapped).slice(1);
  assert.ok(fgsm && pgd && swapped[fgsm] && swapped[pgd]);
  const attacks = { ...swapped, [fgsm]: swapped[pgd], [pgd]: swapped[fgsm] };
  assert.match(orderNotes(orderChecks(result)), /no stronger attack left more.* holds counts only, no outcomes/);
  const inverted = orderChecks({ ...result, attacks });
  assert.match(
    orderNotes(inverted),
    /the stronger attack left more images correct: .* counts only[^]*\(counts only\)\./,
  );
  assert.equal(orderNotice(inverted), "");
});

Deno.test("orderNotice() spells out four inversions and counts the others", () => {
  const one = orderChecks(withCorrect(95, { "fgsm": 60, "pgd-50": 75 }));
  const six = orderNotice(Array.from({ length: 6 }, () => one).flat());
  assert.equal(six.match(/left 75/g)?.length, 4);
  assert.match(six, / 2 more are listed with the attacks below\./);
});

Deno.test("orderChecks() judges weights kept for several reasons once", () => {
  const result = sampleResult();
  const runs = result.runs.slice(0, 1).map((run) => ({
    ...run,
    final: { ...run.final, bestValidation: run.final.last },
  }));
  const [check, ...others] = orderChecks({ ...result, runs });
  assert.equal(check?.subject, "**natural** (seed 0, weights: last, best on validation)");
  assert.deepEqual(others, []);
  assert.equal(orderNotes([]), "");
});
