import assert from "node:assert/strict";
import fc from "fast-check";
import { integer, listOf, misread, number, oneOf, path, setting, text } from "./kinds.ts";

Deno.test("number() reads decimals, powers of ten and fractions, and nothing else", () => {
  const kind = number();
  for (const [input, value] of [["0.3", 0.3], ["1e-3", 0.001], ["8/255", 8 / 255], ["-2", -2], [".5", 0.5]] as const) {
    assert.equal(kind.read(input), value, input);
  }
  for (const input of ["", "NaN", "Infinity", "1e999", "1/0", "1/2/3", "0x10", "1,5", " 1", "1_000", "ten"]) {
    assert.equal(kind.read(input), undefined, input);
  }
});

Deno.test("number() keeps to its bounds, and says them", () => {
  const kind = number({ above: 0, max: 1 });
  assert.deepEqual(["0", "1e-9", "1", "1.001"].map(kind.read), [undefined, 1e-9, 1, undefined]);
  assert.equal(kind.expected, "a number above 0 and at most 1");
  assert.deepEqual(["-1", "0", "0.99", "1"].map(number({ min: 0, below: 1 }).read), [undefined, 0, 0.99, undefined]);
  assert.equal(number({ min: 0, below: 1 }).expected, "a number of at least 0 and below 1");
  assert.equal(integer({ min: 1, max: 9 }).expected, "a whole number from 1 to 9");
  assert.equal(integer({ min: 1 }).expected, "a whole number of at least 1");
  assert.equal(number({ above: 0 }).expected, "a number above 0");
});

Deno.test("integer() refuses fractions and numbers that a double cannot hold", () => {
  assert.deepEqual(["7", "-7", "7.0", "1e3", "9007199254740993"].map(integer().read), [7, -7, ...Array(3)]);
});

Deno.test("text() and path() do not take the next option for a value", () => {
  assert.deepEqual(["a", "", "--json", "-1"].map(text("X").read), ["a", undefined, undefined, "-1"]);
  assert.deepEqual(["a b", "", "--json", "a\0b"].map(path("DIR").read), ["a b", undefined, undefined, undefined]);
});

Deno.test("listOf() refuses a value that is named twice", () => {
  const kind = listOf(integer({ min: 0 }));
  assert.deepEqual(kind.read("0, 1,2"), [0, 1, 2]);
  for (const input of ["", "1,", "1,1", "1,-1", "1;2"]) assert.equal(kind.read(input), undefined, input);
});

Deno.test("setting() tells numbers, truth values, lists and text apart", () => {
  const read = (input: string) => setting().read(input)?.value;
  assert.deepEqual(["a=2", "a=8/255", "a=true", "a=false", "a=[1,2]", "a=x=y", "a=[1,x]"].map(read), [
    ...[2, 8 / 255, true, false],
    ...[[1, 2], "x=y", "[1,x]"],
  ]);
  for (const input of ["", "a", "a=", "=1", "1a=1", "a b=1"]) assert.equal(setting().read(input), undefined, input);
});

Deno.test("every kind reads back what it formats", () => {
  const any = fc.double({ noNaN: true, noDefaultInfinity: true });
  fc.assert(fc.property(any, (value) => assert.equal(number().read(number().format(value)), value + 0)), { seed: 1 });
  fc.assert(fc.property(fc.integer(), (value) => assert.equal(integer().read(integer().format(value)), value)), {
    seed: 1,
  });
  const list = { name: "shape", value: [28, 28, 1] };
  assert.deepEqual(setting().read(setting().format(list)), list);
});

Deno.test("misread() names the value, its origin, what was expected and the likely word", () => {
  const kind = oneOf("adam", "sgd");
  assert.equal(
    misread(kind, "adm", "--optimizer"),
    'Cannot read "adm" from --optimizer: expected adam or sgd; did you mean "adam"?',
  );
  assert.equal(misread(kind, "x\ny", "--optimizer"), 'Cannot read "x\\ny" from --optimizer: expected adam or sgd');
});
