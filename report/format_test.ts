import assert from "node:assert/strict";
import { digits, formatCount, formatPercent, formatSeconds, formatSpread, formatTarget } from "./format.ts";

Deno.test("digits() keeps three significant digits and never writes powers of ten", () => {
  const cases: [number, string][] = [
    [0, "0"],
    [0.012345, "0.0123"],
    [0.9996, "1.00"],
    [1, "1.00"],
    [9.996, "10.0"],
    [12.34, "12.3"],
    [99.96, "100"],
    [1234.5, "1235"],
    [1e21 / 1e10, "100000000000"],
    [1.5e-9, "0.00000000150"],
  ];
  for (const [value, text] of cases) assert.equal(digits(value), text);
});

Deno.test("formatSeconds() goes over to milliseconds under a second", () => {
  assert.equal(formatSeconds(0), "0 s");
  assert.equal(formatSeconds(0.0451), "45.1 ms");
  assert.equal(formatSeconds(0.99949), "999 ms");
  assert.equal(formatSeconds(0.9996), "1.00 s");
  assert.equal(formatSeconds(12.3), "12.3 s");
});

Deno.test("accuracies are percentages, targets without needless digits", () => {
  assert.equal(formatPercent(0.97456), "97.5 %");
  assert.equal(formatTarget(0.7), "70 %");
  assert.equal(formatTarget(0.725), "72.5 %");
  assert.equal(formatTarget(0.29), "29 %");
  assert.equal(formatCount(5), "5");
  assert.equal(formatCount(0.1428), "0.14");
});

Deno.test("formatSpread() shows the range where values differ and how many are missing", () => {
  assert.equal(formatSpread(null, 3, formatPercent), "–");
  assert.equal(formatSpread({ median: 0.5, min: 0.5, max: 0.5, count: 1 }, 1, formatPercent), "50.0 %");
  assert.equal(formatSpread({ median: 0.5, min: 0.5, max: 0.50001, count: 3 }, 3, formatPercent), "50.0 %");
  assert.equal(
    formatSpread({ median: 0.5, min: 0.4, max: 0.6, count: 2 }, 3, formatPercent),
    "50.0 % (40.0 % to 60.0 %, 2 of 3)",
  );
});
