import assert from "node:assert/strict";
import { join } from "node:path";
import type { OptionValues } from "../models/options.ts";
import { findModel } from "../models/registry.ts";
import { readSafetensors } from "../models/safetensors.ts";
import { decodeAnyWeights } from "../models/state_dict.ts";
import { encodeWeights } from "../models/weights.ts";
import { random } from "../random/random.ts";
import { runHere } from "./helpers/fake_io.ts";
import { ended, launch } from "./helpers/launch.ts";

function weightsOf(name: string, options: OptionValues) {
  const model = findModel(name).create(options);
  return { model, weights: model.initialize((parameter) => random(4, parameter)) };
}

const preact = weightsOf("preact-resnet18", { baseWidth: 1, normalize: "cifar10" });
const tiny = weightsOf("tiny-cnn", {});

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "yopo-bench-" });
  try {
    await Deno.writeFile(join(folder, "best.safetensors"), encodeWeights(preact.model, preact.weights, { run: "r1" }));
    await Deno.writeFile(join(folder, "tiny.safetensors"), encodeWeights(tiny.model, tiny.weights));
    await Deno.writeTextFile(join(folder, "text.safetensors"), "these are no weights");
    await Deno.mkdir(join(folder, "a-folder"));
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("export writes a state_dict beside the weights, with no more permissions than it asks for", () =>
  withFolder(async (folder) => {
    const { code, out, err } = await ended(
      launch(["export", "best.safetensors", "--format", "pytorch"], { cwd: folder }),
    );
    assert.deepEqual([code, err], [0, ""]);
    assert.match(out, /^best\.pytorch\.safetensors: PreActResNet18 of the YOPO repository, .*normalize: cifar10.*\n$/);
    const bytes = await Deno.readFile(join(folder, "best.pytorch.safetensors"));
    const { metadata, tensors } = readSafetensors(bytes, "exported");
    assert.deepEqual(Object.fromEntries(metadata), {
      format: "pt",
      run: "r1",
      normalize: "cifar10",
      height: "32",
      width: "32",
    });
    assert.deepEqual(tensors.get("layer1.0.bn1.num_batches_tracked")?.values, BigInt64Array.of(0n));
    const { model, weights } = decodeAnyWeights(bytes, "exported");
    assert.deepEqual(model.options, preact.model.options);
    assert.deepEqual(weights, preact.weights);
  }));

Deno.test("export replaces a file only with --force", () =>
  withFolder(async (workingFolder) => {
    const target = join(workingFolder, "a-folder/new.safetensors");
    const run = (...more: string[]) =>
      runHere(["export", "best.safetensors", "--out", "a-folder/new.safetensors", ...more], {
        workingFolder,
        cache: workingFolder,
      });
    await Deno.writeTextFile(target, "old");
    const refused = await run();
    assert.equal(refused.code, 2);
    assert.match(refused.err, /^yopo-bench: Cannot write .*there is such a file; give --force to replace it\n$/);
    assert.equal(await Deno.readTextFile(target), "old");
    const { code, out } = await run("--force", "--json");
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(out), {
      file: target,
      format: "pytorch",
      class: "PreActResNet18 of the YOPO repository",
      model: { name: "preact-resnet18", options: preact.model.options },
      normalize: "cifar10",
    });
    assert.equal(decodeAnyWeights(await Deno.readFile(target), "new").model.name, "preact-resnet18");
  }));

const wrong: readonly [line: string, says: RegExp][] = [
  ["export", /Cannot run without WEIGHTS/],
  ["export best.safetensors --format onnx", /Cannot read "onnx" from --format: expected pytorch/],
  ["export missing.safetensors", /Cannot read weight file ".*missing.safetensors": there is no such file/],
  ["export text.safetensors", /Cannot read safetensors file "text.safetensors"/],
  ["export tiny.safetensors", /Cannot name the tensors of model "tiny-cnn" for PyTorch: names are known for/],
  ["export best.safetensors --out best.safetensors --force", /it is the file to export; name another --out/],
  ["export best.safetensors --out no/new.safetensors", /there is no folder .*no; make it first/],
  ["export best.safetensors --out a-folder --force", /Cannot write .*a-folder: it is a folder; name a file/],
];

Deno.test("export refuses what is wrong in one line", (t) =>
  withFolder(async (workingFolder) => {
    for (const [line, says] of wrong) {
      await t.step(`"${line}" ends with 2`, async () => {
        const { code, err } = await runHere(line.split(" "), { workingFolder, cache: workingFolder });
        assert.match(err, says);
        assert.match(err, /^yopo-bench: Cannot [^\n]+\n$/);
        assert.equal(code, 2);
      });
    }
    assert.deepEqual((await Array.fromAsync(Deno.readDir(workingFolder))).length, 4, "nothing was left behind");
  }));
