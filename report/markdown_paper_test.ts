import assert from "node:assert/strict";
import { sampleWithPaper } from "./_sample_paper.ts";
import { sampleResult } from "./_sample_result.ts";
import { markdown } from "./markdown.ts";
import { paperSection } from "./markdown_paper.ts";

Deno.test("paperSection() sets the paper's figures beside the measured ones", () => {
  const lines = paperSection(sampleWithPaper()).split("\n");
  assert.equal(lines[0], "## Paper against measured");
  assert.equal(lines[2], "Table 9 of an invented paper (Nobody et al. 2019).");
  assert.deepEqual(lines.slice(4, 9), [
    "| Run | Completed seeds | Clean: paper | measured | PGD-50: paper | measured | CW: paper | measured | Minutes: paper | measured | Part of pgd-7's time: paper | measured |",
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    "| **pgd-7** | 3 of 3 | 96.42 % | 96.40 % ± 0.00 | 79.00 % | 78.00 % ± 1.39 | 80.00 % | – | 120 min | 1.85 min ± 0.0277 | – | – |",
    "| **yopo-5-3** | 3 of 3 | 98.10 % | 96.60 % ± 0.00 | 81.00 % | 81.00 % ± 1.22 | 80.00 % | – | 127 min | 1.95 min ± 0.0291 | 105.83 % | 105.14 % ± 0.00 |",
    "| **pgd-40** | 0 of 0 | 99.00 % | – | 90.00 % | – | 80.00 % | – | 500 min | – | 416.67 % | – |",
  ]);
});

Deno.test("paperSection() gives each verdict its reasons as letters that it explains", () => {
  const text = paperSection(sampleWithPaper());
  const rows = text.split("\n").filter((line) => line.includes("confirmed** |") || line.includes("comparable ("));
  assert.deepEqual(rows, [
    "| **pgd-7** | **confirmed** | **confirmed** | not comparable (a) | not comparable (b) | – |",
    "| **yopo-5-3** | **not confirmed** | **confirmed** | not comparable (a) | not comparable (b) | not comparable (b) |",
    "| **pgd-40** | not comparable (c) | not comparable (c) | not comparable (c) | not comparable (c) | not comparable (c) |",
  ]);
  assert.match(
    text,
    /^- \*\*a\*\* attack not run: the suite has no CW\n- \*\*b\*\* other hardware: .*\n- \*\*c\*\* not in the suite: no run called pgd-40$/m,
  );
});

Deno.test("paperSection() takes the times apart and sets them beside the baseline's", () => {
  const text = paperSection(sampleWithPaper());
  // 55 steps an epoch; seconds per step are the sample's, 1.8 % slower in the mean of its three seeds.
  assert.match(text, /^\| \*\*pgd-7\*\* \| 9 \| 8 \| 337 ms \| 55 \| 6 \| 111 s \| 111 s \| 20\.0 \| 6 \|$/m);
  assert.match(text, /^\| \*\*yopo-5-3\*\* \| 5 \| 5 \| 236 ms \| 55 \| 9 \| 117 s \| 117 s \| 14\.1 \| 9 \|$/m);
  assert.match(
    text,
    /^\| \*\*yopo-5-3\*\* \| 1\.60× \| 1\.43× \| 1\.00× \| 0\.667× \| 0\.951× \| 0\.951× \| 1\.42× \| 0\.667× \| 0\.945× \|$/m,
  );
  const none = { ...sampleWithPaper(), runs: [] };
  assert.doesNotMatch(paperSection(none), /Where the time goes/);
});

Deno.test("paperSection() repeats the paper's claim, its factors and where its figures are from", () => {
  const text = paperSection(sampleWithPaper());
  assert.match(
    text,
    /claim: YOPO-5-3 is 2 times faster \(invented, from memory\); it is 1\.80× from a cheaper epoch and/,
  );
  assert.match(text, /^- The paper's figures: 12 quoted from memory of the paper; .* one invented GPU\.$/m);
});

Deno.test("markdown has the paper's section after its results, and only where there is a paper", async () => {
  const headings = (await markdown.render(sampleWithPaper())).toString().match(/^## .*$/gm) ?? [];
  assert.deepEqual(headings.slice(0, 3), ["## Result", "## Paper against measured", "## Recipes"]);
  assert.equal(paperSection(sampleResult()), "");
});
