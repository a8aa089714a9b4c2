import assert from "node:assert/strict";
import { accuracyOver, strongestAttack } from "./accuracy.ts";

const judged = (correct: number, count = 100) => ({ accuracy: correct / count, correct, count });
const robust = (attack: string, correct: number) => ({ attack, ...judged(correct), seconds: 1, maxPerturbation: 0.1 });

Deno.test("accuracyOver() spans the intervals of all seeds", () => {
  const [one, other, both] = [[judged(40)], [judged(60)], [judged(60), judged(40)]].map((seeds) => accuracyOver(seeds));
  assert.equal(both?.median, 0.5);
  assert.deepEqual(both?.interval, { lower: one?.interval.lower, upper: other?.interval.upper });
});

Deno.test("accuracyOver() leaves out what judged no image", () => {
  assert.equal(accuracyOver([]), null);
  assert.equal(accuracyOver([{ accuracy: 0, correct: 0, count: 0 }]), null);
});

Deno.test("strongestAttack() takes each run's own, and names all that it took", () => {
  const differing = strongestAttack([[robust("weak", 50), robust("strong", 40)], [
    robust("weak", 30),
    robust("strong", 45),
  ]]);
  assert.deepEqual([differing?.accuracy.min, differing?.accuracy.max], [0.3, 0.4]);
  assert.deepEqual(differing?.attacks, ["strong", "weak"]);
  assert.deepEqual(strongestAttack([[robust("weak", 50), robust("strong", 40)]])?.attacks, ["strong"]);
  assert.deepEqual(strongestAttack([[robust("weak", 0), robust("strong", 0)]])?.attacks, ["weak", "strong"]);
  assert.equal(strongestAttack([]), null);
  assert.equal(strongestAttack([[]]), null);
});
