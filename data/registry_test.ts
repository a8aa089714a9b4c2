import assert from "node:assert/strict";
import { datasets, findDataset } from "./registry.ts";

const place = { cache: "/nowhere" };

Deno.test("datasets are sorted by name and found by it", () => {
  const names = datasets.map(({ name }) => name);
  assert.deepEqual(names, ["cifar10", "mnist", "mnist-embedded", "synthetic"]);
  for (const dataset of datasets) assert.equal(findDataset(dataset.name), dataset);
});

Deno.test("findDataset() names what there is", () => {
  assert.throws(() => findDataset("mnits"), {
    name: "RangeError",
    message: `Cannot find data set "mnits": expected cifar10, mnist, mnist-embedded, synthetic`,
  });
  assert.throws(() => findDataset("toString"), { name: "RangeError" });
});

for (const dataset of datasets) {
  Deno.test(`${dataset.name} fills in defaults that its own options accept`, () => {
    const resolved = dataset.resolve({});
    assert.deepEqual(Object.keys(resolved), Object.keys(dataset.options).sort());
    for (const [key, option] of Object.entries(dataset.options)) {
      assert.ok(option.default === undefined || option.accepts(option.default), key);
      assert.equal(resolved[key], option.default);
    }
  });

  Deno.test(`${dataset.name} refuses an unknown option before it touches a file`, async () => {
    const known = Object.keys(dataset.options).sort().join(", ");
    await assert.rejects(dataset.load({ constructor: 1 }, place), {
      name: "TypeError",
      message: `Cannot use option "constructor" with data set "${dataset.name}": expected one of ${known}`,
    });
  });

  Deno.test(`${dataset.name} says whether it must be downloaded`, () => {
    assert.equal(dataset.needsDownload, dataset.files !== undefined);
  });
}

const badOptions: readonly [string, Record<string, unknown>, string][] = [
  [
    "cifar10",
    { validation: 50_000 },
    'Cannot use validation 50000 with data set "cifar10": expected an integer from 0 to 49999',
  ],
  [
    "cifar10",
    { trainCount: 0 },
    'Cannot use trainCount 0 with data set "cifar10": expected an integer from 1 to 10000000',
  ],
  [
    "mnist",
    { validation: 60_000 },
    'Cannot use validation 60000 with data set "mnist": expected an integer from 0 to 59999',
  ],
  [
    "mnist",
    { validation: "5" },
    'Cannot use validation "5" with data set "mnist": expected an integer from 0 to 59999',
  ],
  ["mnist", { trainCount: 0 }, 'Cannot use trainCount 0 with data set "mnist": expected an integer from 1 to 10000000'],
  [
    "mnist-embedded",
    { trainCount: 2.5 },
    'Cannot use trainCount 2.5 with data set "mnist-embedded": expected an integer from 1 to 10000000',
  ],
  ["synthetic", { classes: 1 }, 'Cannot use classes 1 with data set "synthetic": expected an integer from 2 to 256'],
  ["synthetic", { noise: NaN }, 'Cannot use noise NaN with data set "synthetic": expected a number from 0 to 10'],
  ["synthetic", { seed: -1 }, 'Cannot use seed -1 with data set "synthetic": expected an integer from 0 to 4294967295'],
  [
    "synthetic",
    { train: null },
    'Cannot use train null with data set "synthetic": expected an integer from 1 to 1000000',
  ],
  ...[[28, 28], "28x28x1", [0, 1, 1], [28, 28, 1.5], [28, 28, 1, 1], [28, 28, "1"]].map((shape) =>
    [
      "synthetic",
      { shape },
      `Cannot use shape ${
        JSON.stringify(shape)
      } with data set "synthetic": expected three integers [height, width, channels] from 1 to 512`,
    ] satisfies [string, Record<string, unknown>, string]
  ),
];
for (const [name, options, message] of badOptions) {
  Deno.test(`${name} refuses ${JSON.stringify(options)}`, async () => {
    await assert.rejects(findDataset(name).load(options, place), { name: "RangeError", message });
    assert.throws(() => findDataset(name).resolve(options), { name: "RangeError", message });
  });
}
