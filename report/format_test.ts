import assert from "node:assert/strict";
import {
  digits,
  formatAccuracy,
  formatCount,
  formatPercent,
  formatSeconds,
  formatSpread,
  formatTarget,
  formatValue,
} from "./format.ts";

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

Deno.test("formatAccuracy() gives one run its interval and several their range", () => {
  const interval = { lower: 0.4612, upper: 0.5449 };
  const one = { median: 0.5, min: 0.5, max: 0.5, count: 1, interval };
  assert.equal(formatAccuracy(one, 1), "50.0 % [46.1, 54.5]");
  assert.equal(formatAccuracy(one, 3), "50.0 % (1 of 3)");
  assert.equal(formatAccuracy({ ...one, max: 0.6, count: 3 }, 3), "50.0 % (50.0 % to 60.0 %)");
  assert.equal(formatAccuracy(null, 1), "–");
});

Deno.test("formatValue() cuts fractions and nothing else", () => {
  assert.equal(formatValue(8 / 255), "0.03137");
  assert.equal(formatValue(0.1), "0.1");
  assert.equal(formatValue(123456), "123456");
  assert.equal(formatValue([1, 1 / 3]), "1/0.3333");
  assert.equal(formatValue(true), "true");
  assert.equal(formatValue("sign"), "sign");
});
