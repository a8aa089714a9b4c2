import assert from "node:assert/strict";
import { findPaper } from "./paper.ts";

const NAMES = ["table1", "table2", "table3", "figure-mnist", "figure-cifar10"];
const papers = await Promise.all(NAMES.map(findPaper));

Deno.test("findPaper() knows the paper's tables and curves, and says which there are", async () => {
  await assert.rejects(
    () => findPaper("table9"),
    new RangeError(`Cannot find the paper's figures "table9": expected ${NAMES.join(", ")}`),
  );
  await assert.rejects(() => findPaper("toString"), RangeError);
});

Deno.test("every row names a run once, judges it with attacks of its table, and has a baseline among them", () => {
  for (const { title, rows, attacks, baseline } of papers) {
    const labels = rows.map(({ run }) => run);
    assert.equal(new Set(labels).size, labels.length, title);
    assert.ok(baseline === null || labels.includes(baseline), title);
    const known = attacks.map(({ attack }) => attack);
    for (const { run, robust, reached } of rows) {
      for (const { attack } of [...robust, ...reached ? [reached] : []]) assert.ok(known.includes(attack), run);
    }
  }
});

Deno.test("accuracies are fractions, and a recipe is that of its run", () => {
  for (const { rows } of papers) {
    for (const { run, clean, robust, recipe } of rows) {
      for (const figure of [...clean ? [clean] : [], ...robust]) assert.ok(figure.value <= 1, run);
      assert.ok(recipe === null || recipe.method.name === run, run);
    }
  }
});

Deno.test("what is quoted from memory says so: the tables, not the recipes and the curves", () => {
  const [table1, table2, table3, ...curves] = papers;
  for (const table of [table1!, table2!, table3!]) {
    for (const { clean, robust } of table.rows) for (const { fromMemory } of [clean!, ...robust]) assert.ok(fromMemory);
  }
  for (const { rows } of curves) {
    for (const { minutes, reached, recipe } of rows) {
      for (const figure of [minutes, reached, recipe]) assert.ok(!figure?.fromMemory);
    }
  }
});

Deno.test("the curve's speed-up is the product of its factors: a cheaper epoch and fewer of them", () => {
  const { rows, claims } = papers[4]!;
  const [pgd, yopo] = rows.map(({ minutes, recipe }) => ({ minutes: minutes!.value, epochs: recipe!.epochs }));
  const [cheaper, fewer] = claims[0]!.factors.map(({ value }) => value);
  assert.equal((pgd!.minutes / pgd!.epochs / (yopo!.minutes / yopo!.epochs)).toFixed(1), cheaper!.toFixed(1));
  assert.equal((pgd!.epochs / yopo!.epochs).toFixed(1), fewer!.toFixed(1));
});
