/** parity: replays reference cases. @module */

import { resolve } from "node:path";
import { UsageError } from "../../bench/usage_error.ts";
import type { TestImages } from "../../parity/case.ts";
import type { ParityLine } from "../../parity/lines.ts";
import { plainText } from "../../report/plain_text.ts";
import { defineCommand } from "../command.ts";
import { complain } from "../complain.ts";
import { engineOptions, readEngineRequest } from "../engine_options.ts";
import { path } from "../kinds.ts";
import { fields, flag, optionalArgument, optionalValue } from "../options.ts";
import type { Place } from "../place.ts";
import { shortPath } from "../short_path.ts";

export const parity = defineCommand({
  name: "parity",
  summary: "Replay reference cases and compare the numbers",
  description:
    "One line a quantity: pass, FAIL or unsupported, case, variant, quantity, error and tolerance, separated by\n" +
    "tabs. The exit code is 1 where a line says FAIL or nothing was replayed.",
  examples: [
    { command: "parity", says: "the cases that come with the program" },
    { command: "parity ../cases --engine cpu", says: "others, on the slow reference engine" },
    { command: "parity ../cases --data ../data", says: "with MNIST in ../data/mnist, which some cases need" },
    { command: "parity --json", says: "for a program" },
  ],
  parser: fields({
    folder: optionalArgument(path("DIR"), "Folder with manifests (default: tests/fixtures of the program)"),
    data: optionalValue("--data", path("DIR"), "Folder that holds MNIST's folder (default: the downloads)"),
    engine: engineOptions.engine,
    precision: engineOptions.precision,
    shards: engineOptions.shards,
    json: flag("--json", "Print one JSON document instead of lines"),
  }),
  permissions: ({ folder, data, ...engine }, place) => ({
    read: [place.project, folderOf(folder, place), dataFolder(data, place)],
    engine,
  }),
  async run({ folder, data, json, ...options }, io) {
    const { openAlone, planEngine } = await import("../../bench/engine_request.ts");
    const { replayFolder } = await import("../../parity/replay.ts");
    const { formatParityLine, replayedAny } = await import("../../parity/lines.ts");
    const path = folderOf(folder, io.place);
    await checkFolder(path);
    const engine = await openAlone(await planEngine(await readEngineRequest({ ...options, workers: 1 })));
    const lines: ParityLine[] = [];
    const mnistTest = () => readMnistTest(dataFolder(data, io.place));
    for await (const line of replayFolder(path, engine, { mnistTest })) {
      lines.push(line);
      if (!json) io.out.write(`${formatParityLine(line).split("\t").map(plainText).join("\t")}\n`);
    }
    const failed = lines.filter(({ outcome }) => outcome === "FAIL").length;
    const replayed = replayedAny(lines);
    if (json) io.out.write(`${JSON.stringify({ engine: engine.name, replayed, failed, lines })}\n`);
    if (!replayed) {
      complain(io.err, `Cannot compare anything in "${shortPath(path, io)}": no case there can be replayed`);
    }
    return replayed && failed === 0 ? 0 : 1;
  },
});

function folderOf(folder: string | undefined, { project, workingFolder }: Place): string {
  return folder === undefined ? resolve(project, "tests/fixtures") : resolve(workingFolder, folder);
}

function dataFolder(data: string | undefined, { cache, workingFolder }: Place): string {
  return data === undefined ? cache : resolve(workingFolder, data);
}

/** MNIST's test images, or undefined where its files are not in the folder. */
async function readMnistTest(cache: string): Promise<TestImages | undefined> {
  const { findDataset } = await import("../../data/registry.ts");
  const { DataFileError } = await import("../../data/data_file_error.ts");
  try {
    const { shape, final: { images, labels } } = await findDataset("mnist").load({}, { cache });
    return { shape, images, labels };
  } catch (error) {
    if (error instanceof DataFileError && error.problem === "missing") return undefined;
    throw error;
  }
}

async function checkFolder(path: string): Promise<void> {
  try {
    if ((await Deno.stat(path)).isDirectory) return;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new UsageError(`Cannot read folder "${path}": there is no such folder`, { cause: error });
  }
  throw new UsageError(`Cannot read folder "${path}": it is a file; name the folder that holds it`);
}
