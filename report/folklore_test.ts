import assert from "node:assert/strict";
import { folkloreCost } from "./folklore.ts";

Deno.test("folkloreCost() knows the commonly quoted costs and invents none", () => {
  const cases: [string, number | null][] = [
    ["natural", 1],
    ["fgsm", 2],
    ["fgsm-rs", 2],
    ["pgd-40", 41],
    ["yopo-5-10", 5],
    ["trades-10", null],
    ["trades-yopo-3-4", null],
    ["pgd-", null],
  ];
  for (const [method, cost] of cases) assert.equal(folkloreCost(method), cost, method);
});
