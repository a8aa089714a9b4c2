import assert from "node:assert/strict";
import type { Result } from "../bench/result.ts";
import { encodeOutcomes } from "../statistics/outcome_bits.ts";
import { checkOrder, type Judged, rankOf } from "./order_check.ts";

type Attacks = Result["attacks"];

const ATTACKS: Attacks = Object.fromEntries(
  ([
    ["fgsm", {}],
    ["pgd-20", { restarts: 1 }],
    ["pgd-50", { restarts: 10 }],
    ["fast", {}],
    ["autoattack", {}],
    ["square", {}],
  ] as const).map(([name, resolved]) => [name, { name, label: name, resolved }]),
);

/** An outcome of each image: "1101". */
function row(outcomes: string) {
  const bits = [...outcomes].map(Number);
  const correct = bits.reduce((sum, bit) => sum + bit, 0);
  return { correct, count: bits.length, correctBits: encodeOutcomes(bits) };
}

function judged(clean: string, robust: Readonly<Record<string, string>>): Judged {
  return {
    clean: row(clean),
    robust: Object.entries(robust).map(([attack, outcomes]) => ({ attack, ...row(outcomes) })),
  };
}

const ones = (count: number) => "1".repeat(count), zeros = (count: number) => "0".repeat(count);

Deno.test("rankOf() orders attacks by the strength to be expected", () => {
  const rank = (name: string, resolved = {}) => rankOf({ name, label: name, resolved });
  const order = [
    rank("fgsm"),
    rank("pgd-1"),
    rank("pgd-20"),
    rank("pgd-50"),
    rank("pgd-50", { restarts: 10 }),
    rank("apgd-ce"),
    rank("fast"),
    rank("autoattack"),
    rank("autoattack-plus"),
  ].map((value) => value ?? NaN);
  order.forEach((value, i) => assert.ok(i === 0 ? value > 0 : value > order[i - 1]!, `place ${i}`));
  assert.equal(rank("pgd-10", { restarts: 5 }), rank("pgd-50", { restarts: 1 }));
});

Deno.test("rankOf() ranks neither controls nor what may be anything", () => {
  for (const name of ["uniform-noise", "cw-30", "mi-fgsm-10", "square", "autoattack-custom", "toString", "pgd-x"]) {
    assert.equal(rankOf({ name, label: name, resolved: {} }), null, name);
  }
  assert.equal(rankOf({ name: "pgd-20", label: "", resolved: { loss: "margin" } }), null);
});

Deno.test("checkOrder() compares neighbours, and every attack with no attack", () => {
  const outcomes = { "autoattack": "1000", "pgd-20": "1100", "fgsm": "1110", "square": "1111" };
  assert.deepEqual(checkOrder(judged("1111", outcomes), ATTACKS), { compared: 5, countsOnly: 0, inversions: [] });
  assert.equal(checkOrder(judged("1111", {}), ATTACKS).compared, 0);
  assert.equal(checkOrder(judged("", { fgsm: "" }), ATTACKS).compared, 0);
});

Deno.test("checkOrder() tells an inversion that chance explains from one that it does not", () => {
  const small = checkOrder(judged(ones(40), { "pgd-20": ones(30) + zeros(10), "fast": ones(32) + zeros(8) }), ATTACKS);
  assert.deepEqual(small.inversions, [{
    weaker: "pgd-20",
    stronger: "fast",
    weakerCorrect: 30,
    strongerCorrect: 32,
    count: 40,
    p: 0.5,
    significant: false,
    fgsmAboveClean: false,
  }]);
  // 8 images against none: 2/2⁸ = 0.0078; 7 against none: 0.0156.
  const after = (right: number) =>
    checkOrder(
      judged(ones(40), { "pgd-20": ones(20) + zeros(20), "fast": ones(20 + right) + zeros(20 - right) }),
      ATTACKS,
    )
      .inversions.map(({ significant }) => significant);
  assert.deepEqual([after(7), after(8)], [[false], [true]]);
});

Deno.test("checkOrder() pairs outcomes image by image, not by their sums", () => {
  // 30 against 30 images differ, though the totals are as in the significant case above.
  const swapped = checkOrder(
    judged(ones(68), { "pgd-20": ones(30) + zeros(38), "fast": zeros(30) + ones(38) }),
    ATTACKS,
  );
  assert.equal(swapped.inversions[0]?.strongerCorrect, 38);
  assert.ok((swapped.inversions[0]?.p ?? 0) > 0.3);
});

Deno.test("checkOrder() looks at the images that both judged", () => {
  const check = checkOrder(judged("00001111", { "fgsm": "00001111", "fast": "0001" }), ATTACKS);
  assert.deepEqual(
    check.inversions.map(({ weaker, strongerCorrect, weakerCorrect, count }) => [
      weaker,
      strongerCorrect,
      weakerCorrect,
      count,
    ]),
    [[null, 1, 0, 4], ["fgsm", 1, 0, 4]],
  );
});

Deno.test("checkOrder() names FGSM above clean accuracy, and no other attack above it", () => {
  const { inversions } = checkOrder(judged("1100", { "fgsm": "1110", "pgd-20": "1111" }), ATTACKS);
  assert.deepEqual(inversions.map(({ weaker, stronger, fgsmAboveClean }) => [weaker, stronger, fgsmAboveClean]), [
    [null, "fgsm", true],
    [null, "pgd-20", false],
    ["fgsm", "pgd-20", false],
  ]);
});

Deno.test("checkOrder() compares counts of the same number of images where outcomes are not known", () => {
  const bare = (correct: number, count: number) => ({ correct, count });
  const robust = [{ attack: "fgsm", ...bare(60, 100) }, { attack: "pgd-20", ...bare(90, 100) }, {
    attack: "fast",
    ...bare(10, 10),
  }];
  const check = checkOrder({ clean: bare(95, 100), robust }, ATTACKS);
  assert.deepEqual([check.compared, check.countsOnly], [3, 3]);
  assert.deepEqual(check.inversions.map(({ stronger, p, significant }) => [stronger, p, significant]), [
    ["pgd-20", null, false],
  ]);
  const short = checkOrder({ clean: { ...bare(95, 100), correctBits: "ff" }, robust }, ATTACKS);
  assert.equal(short.countsOnly, 3);
});

Deno.test("checkOrder() takes an attack's row of most images", () => {
  const { robust, clean } = judged("1111", { "fgsm": "1110" });
  const check = checkOrder({ clean, robust: [{ attack: "fgsm", ...row("11") }, ...robust] }, ATTACKS);
  assert.deepEqual([check.compared, check.inversions.length], [1, 0]);
});
