import assert from "node:assert/strict";
import { parse } from "@optique/core/parser";
import { findPreset, listPresets } from "../bench/presets.ts";
import { planRuns } from "../bench/run_config.ts";
import type { Suite } from "../bench/suite.ts";
import { trainParser } from "./train_options.ts";
import { checkTrainOptions, trainSuite } from "./train_suite.ts";

async function suiteOf(line: string): Promise<Suite> {
  const read = parse(trainParser, line.split(" "));
  assert.ok(read.success, line);
  checkTrainOptions(read.value);
  return await trainSuite(read.value);
}

Deno.test("train --preset is the preset, planned with its data, model, threat, augmentation and recipe", async () => {
  for (const preset of await listPresets()) {
    const suite = await suiteOf(`--preset ${preset.name}`), [planned] = planRuns(suite);
    const { label, ...run } = suite.runs[0]!;
    assert.deepEqual([label, suite.title], [preset.name, preset.title]);
    const { name, title: _title, source: _source, text: _text, ...rest } = preset;
    const { data, augmentation, model, threat, ...recipe } = rest;
    assert.deepEqual(run, { preset: name, ...recipe });
    assert.deepEqual([suite.data, suite.augmentation, suite.model, suite.threat], [data, augmentation, model, threat]);
    assert.equal(planned?.preset, name);
  }
});

Deno.test("what is given on the command line comes before the preset, and the preset before the defaults", async () => {
  const preset = await findPreset("mnist-yopo-5-10", "a test");
  const { runs: [run], ...suite } = await suiteOf(
    "--preset mnist-yopo-5-10 --epochs 2 --batch 64 --augmentation crop-flip --data-option trainCount=600 " +
      "--model-option dropout=0 --option variant=paper --step-size 0.02",
  );
  assert.deepEqual([run?.epochs, run?.batch, suite.augmentation], [2, 64, "crop-flip"]);
  assert.deepEqual(suite.data, { name: "mnist", options: { trainCount: 600 } });
  assert.deepEqual(suite.model.options, { dropout: 0 });
  assert.deepEqual(run?.method, { name: "yopo-5-10", options: { stepSize: 0.02, variant: "paper" } });
  assert.deepEqual([run?.optimizer, run?.firstLayerOptimizer], [preset.optimizer, preset.firstLayerOptimizer]);
  assert.equal(suite.evaluation.everyExamples, 600, "an epoch of the data that are used");
});

Deno.test("another method, network or data set leaves the preset's options of the old one behind", async () => {
  const { runs: [run], ...suite } = await suiteOf(
    "--preset cifar10-wrn34-yopo-5-3 --method pgd-3 --model preact-resnet18 --data mnist --data-option validation=0",
  );
  assert.deepEqual([run?.label, run?.preset, suite.title], ["pgd-3", "cifar10-wrn34-yopo-5-3", "pgd-3 on mnist"]);
  assert.deepEqual(run?.method, { name: "pgd-3", options: {} });
  assert.deepEqual(suite.model, { name: "preact-resnet18", options: {} });
  assert.deepEqual(suite.data, { name: "mnist", options: { validation: 0 } });
});

Deno.test("options of the optimizer hold for the first layer's own optimizer, too", async () => {
  const piecewise = (...milestones: number[]) => ({ kind: "piecewise", milestones, factor: 0.1 });
  const of = async (line: string) => (await suiteOf(`--preset mnist-yopo-5-10 ${line}`)).runs[0]!;
  const rate = await of("--lr 0.5 --weight-decay 0");
  const sgd = { kind: "sgd", learningRate: 0.5, momentum: 0.9, weightDecay: 0 };
  assert.deepEqual(rate.optimizer, { ...sgd, schedule: piecewise(30, 35, 39) });
  assert.deepEqual(rate.firstLayerOptimizer, { ...sgd, schedule: piecewise(15, 19) });
  assert.deepEqual((await of("--milestones 1,2")).firstLayerOptimizer?.schedule, piecewise(1, 2));
  assert.deepEqual((await of("--schedule piecewise")).firstLayerOptimizer?.schedule, piecewise(15, 19));
  assert.deepEqual((await of("--schedule constant")).optimizer.schedule, { kind: "constant" });
  const adam = { kind: "adam", learningRate: 0.002, weightDecay: 0.0005, schedule: piecewise(30, 35, 39) };
  assert.deepEqual((await of("--optimizer adam")).optimizer, adam);
});

Deno.test("--eps sets the radius of attack and method alike", async () => {
  const trained = await suiteOf("--preset cifar10-preact18-trades-10");
  assert.deepEqual([trained.threat.epsilon, trained.runs[0]?.method.options.epsilon], [8 / 255, 0.031]);
  const [planned] = planRuns(await suiteOf("--preset cifar10-preact18-trades-10 --eps 0.1"));
  assert.deepEqual([planned?.config.threat.epsilon, planned?.config.method.options.epsilon], [0.1, 0.1]);
});

Deno.test("without a preset the defaults stand", async () => {
  const { runs: [run], ...suite } = await suiteOf("--method pgd-3 --optimizer sgd --schedule cyclic");
  assert.deepEqual([suite.data.name, suite.model.name, suite.threat.epsilon], ["mnist-embedded", "small-cnn", 0.3]);
  assert.deepEqual([suite.augmentation, suite.evaluation.everyExamples], ["none", 7000]);
  assert.deepEqual(run, {
    label: "pgd-3",
    method: { name: "pgd-3", options: {} },
    batch: 128,
    epochs: 1,
    optimizer: {
      kind: "sgd",
      learningRate: 0.001,
      momentum: 0.9,
      weightDecay: 0,
      schedule: { kind: "cyclic", peakAt: 0.5 },
    },
  });
});

Deno.test("--attack is for the course, --final-attack for the end, --strong for afterwards", async () => {
  const attacks = "--attack pgd-5,fgsm --final-attack pgd-50:restarts=10 --strong fast --strong-count 200";
  const { evaluation, final, strong } = await suiteOf(`--method pgd-3 ${attacks}`);
  assert.deepEqual(evaluation.attack, { name: "pgd-5", options: {} });
  assert.deepEqual(evaluation.alsoAttacks, [{ name: "fgsm", options: {} }]);
  assert.deepEqual(final.attacks, [{ name: "pgd-50", options: { restarts: 10 } }]);
  assert.deepEqual(strong, { attack: { name: "fast", options: {} }, count: 200 });
  const plain = await suiteOf("--method pgd-3 --attack pgd-5,fgsm");
  assert.deepEqual([plain.final.attacks.map(({ name }) => name), plain.strong], [["pgd-5", "fgsm"], null]);
});
