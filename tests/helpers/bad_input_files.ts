/** Files that are wrong in one way each, for the table of bad input. @module */

import { join } from "node:path";
import { toolRecord } from "../../bench/tool.ts";
import { projectFolder } from "../../cli/place.ts";
import { findModel } from "../../models/registry.ts";
import { encodeWeights } from "../../models/weights.ts";
import { random } from "../../random/random.ts";

type Json = Record<string, unknown>;

/** Fills `folder` with the files that the table names. */
export async function writeBadInput(folder: string): Promise<void> {
  const suite: Json = JSON.parse(await Deno.readTextFile(join(projectFolder, "suites/smoke.json")));
  const runs = suite.runs as Json[];
  const suites: Record<string, unknown> = {
    "unknown-key.json": { ...suite, sed: 1 },
    "wrong-type.json": { ...suite, seeds: "0" },
    "negative.json": { ...suite, evaluation: { ...suite.evaluation as Json, everyExamples: -1 } },
    "same-seeds.json": { ...suite, seeds: [3, 3] },
    "same-labels.json": { ...suite, runs: [runs[0], runs[0]] },
    "no-runs.json": { ...suite, runs: [] },
    "other-schema.json": { ...suite, schema: "yopo-bench/suite@9" },
    "unknown-preset.json": { ...suite, runs: [{ label: "pgd-40", preset: "mnist-pdg-40" }] },
    "scaled.json": { ...suite, scaled: { epochs: 0.1, data: 1 } },
    "list.json": [suite],
    "good.json": suite,
  };
  for (const [name, content] of Object.entries(suites)) {
    await Deno.writeTextFile(join(folder, name), JSON.stringify(content));
  }
  await Deno.writeTextFile(join(folder, "cut-off.json"), '{ "schema": "yopo-ben');
  await Deno.writeTextFile(join(folder, "empty.json"), "");
  await Deno.writeTextFile(join(folder, "a-file"), "not a folder");
  await writeTimes(folder);
  await writeWeights(folder);
  await writeResults(folder);
  await writeData(folder);
}

async function writeWeights(folder: string): Promise<void> {
  const model = findModel("tiny-cnn").create({ height: 12, width: 12, channels: 1, classes: 4 });
  const weights = model.initialize((parameter) => random(0, parameter));
  const bytes = encodeWeights(model, weights);
  await Deno.writeFile(join(folder, "tiny.safetensors"), bytes);
  await Deno.writeFile(join(folder, "cut-off.safetensors"), bytes.subarray(0, bytes.length - 10));
  await Deno.writeTextFile(join(folder, "text.safetensors"), "these are no weights");
}

/** JSON lines for `cost --vs`. */
async function writeTimes(folder: string): Promise<void> {
  const times = {
    framework: "torch",
    model: "small-cnn",
    method: "natural",
    batch: 128,
    secondsPerStep: { median: 1 },
  };
  const line = `${JSON.stringify(times)}\n`;
  await Deno.writeTextFile(join(folder, "times.jsonl"), line);
  await Deno.writeTextFile(join(folder, "cut-off.jsonl"), `${line}${line.slice(0, 40)}`);
  const wrong = { ...times, secondsPerStep: { median: "fast" } };
  await Deno.writeTextFile(join(folder, "wrong-times.jsonl"), JSON.stringify(wrong));
}

async function writeResults(folder: string): Promise<void> {
  const results: Record<string, string> = {
    "empty-folder": "",
    "cut-off-result": '{ "schema": "yopo-bench/result@1", "runs": [',
    "other-result": '{ "schema": "yopo-bench/result@9" }',
    "wrong-result": '{ "schema": "yopo-bench/result@1", "runs": 3 }',
  };
  for (const [name, text] of Object.entries(results)) {
    await Deno.mkdir(join(folder, name));
    if (text !== "") await Deno.writeTextFile(join(folder, name, "result.json"), text);
  }
  await Deno.mkdir(join(folder, "damaged-suite"));
  await Deno.writeTextFile(join(folder, "damaged-suite/suite.json"), '{ "schema": "something" }');
  const stored = {
    ...{ schema: "yopo-bench/stored-suite@1", created: "2026-01-01T00:00:00.000Z", command: "deno task bench smoke" },
    ...{ engine: "abacus", tool: await toolRecord() },
    suite: JSON.parse(await Deno.readTextFile(join(projectFolder, "suites/smoke.json"))),
  };
  await Deno.mkdir(join(folder, "other-engine"));
  await Deno.writeTextFile(join(folder, "other-engine/suite.json"), JSON.stringify(stored));
  await Deno.mkdir(join(folder, "other-files"));
  await Deno.writeTextFile(join(folder, "other-files/letter.txt"), "Dear reader");
  await Deno.mkdir(join(folder, "bad-cases"));
  await Deno.writeTextFile(join(folder, "bad-cases/case.json"), '{ "case": "smallcnn-weights", "tensors": [] }');
}

async function writeData(folder: string): Promise<void> {
  const names = ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"];
  await Deno.mkdir(join(folder, "mnist-cut-off"));
  for (const name of names) await Deno.writeFile(join(folder, "mnist-cut-off", name), new Uint8Array([31, 139, 8, 0]));
  await Deno.writeFile(join(folder, "cut-off.tar.gz"), new Uint8Array([31, 139, 8, 0]));
}
