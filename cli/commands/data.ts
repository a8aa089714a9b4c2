/** data list, data get, data check: the data sets and their files. @module */

import { resolve } from "node:path";
import { UsageError } from "../../bench/usage_error.ts";
import type { DownloadProgress } from "../../data/download.ts";
import type { DatasetDefinition } from "../../data/definition.ts";
import { datasets, findDataset } from "../../data/registry.ts";
import { plainText } from "../../report/plain_text.ts";
import { twoColumns } from "../columns.ts";
import { defineCommand } from "../command.ts";
import { complain } from "../complain.ts";
import type { Io } from "../io.ts";
import { path, text } from "../kinds.ts";
import { argument, fields, flag, optionalArgument, optionalValue } from "../options.ts";
import { printTable } from "../print_table.ts";
import { drawLevels } from "../progress.ts";
import { tolerant } from "../tolerant.ts";

export const dataList = defineCommand({
  name: "data list",
  summary: "List the data sets and whether their files are here",
  examples: [{ command: "data list", says: "as a table" }, { command: "data list --json", says: "for a program" }],
  parser: fields({ json: flag("--json", "Print one JSON document") }),
  permissions: (_options, { project, cache }) => ({ read: [project, cache] }),
  async run({ json }, io) {
    const rows = await Promise.all(datasets.map(async (dataset) => {
      return { name: dataset.name, state: await stateOf(dataset, io), summary: dataset.summary };
    }));
    if (json) io.out.write(`${JSON.stringify({ cache: io.place.cache, datasets: rows })}\n`);
    else {
      const lines = rows.map(({ name, state, summary }): [string, string] => [name, `${state}: ${summary}`]);
      io.out.write(`${twoColumns(lines, io.out.columns())}\n`);
    }
    return 0;
  },
});

/** "ready", or what is missing; reads every byte, so "ready" is meant. */
export async function stateOf({ name, needsDownload }: DatasetDefinition, { place }: Pick<Io, "place">) {
  if (!needsDownload) return "ready";
  const { checkDataset } = await import("../../data/check.ts");
  const states = (await checkDataset(name, place.cache)).map(({ state }) => state);
  if (states.every((state) => state === "ok")) return "ready";
  return states.every((state) => state === "missing") ? "not downloaded" : "damaged";
}

export const dataGet = defineCommand({
  name: "data get",
  summary: "Download a data set's files, or take them from disk",
  description: "Every file is checked against its SHA-256 before it is kept; nothing half-written is left behind.",
  examples: [
    { command: "data get mnist", says: "from its public mirrors" },
    { command: "data get mnist --from ~/Downloads/mnist", says: "from a folder with the four original files" },
    { command: "data get cifar10 --from cifar-10-binary.tar.gz", says: "from the archive, as it was downloaded" },
  ],
  parser: fields({
    name: argument(text("NAME"), "A data set that data list names"),
    from: optionalValue(
      "--from",
      path("PATH"),
      "One of the original files or their archive, or a folder that holds them",
    ),
    quiet: flag("--quiet", "Print errors only"),
  }),
  permissions({ name, from }, { project, cache, workingFolder }) {
    const { files } = find(name);
    const hosts = (files?.mirrors ?? []).map((mirror) => new URL(mirror).host);
    return from === undefined
      ? { read: [project, cache], write: [cache], net: hosts }
      : { read: [project, cache, resolve(workingFolder, from)], write: [cache] };
  },
  async run({ name, from, quiet }, io) {
    const { getDataset } = await import("../../data/download.ts");
    const { needsDownload } = find(name);
    const say = (line: string): void => quiet ? undefined : io.out.write(`${plainText(line)}\n`);
    if (!needsDownload) {
      if (from !== undefined) {
        throw new UsageError(
          `Cannot use --from with data set ${JSON.stringify(name)}: it needs no files; leave it out`,
        );
      }
      say(`${name} needs no download`);
      return 0;
    }
    const signal = io.interruptible();
    const bar = quiet ? { show() {}, clear() {} } : downloadBar(io);
    try {
      const files = await getDataset(name, {
        cache: io.place.cache,
        signal,
        ...(from === undefined ? {} : { from: resolve(io.place.workingFolder, from) }),
        onProgress: bar.show,
      });
      bar.clear();
      const origins = { cache: "was there already", mirror: "downloaded", disk: "taken from disk" };
      for (const file of files) say(`${file.file}: ${origins[file.origin]}`);
      say(`${name} is in ${io.place.cache}`);
    } catch (error) {
      bar.clear();
      if (signal.aborted) {
        complain(io.err, `Stopped; run data get ${name} again to go on`);
        return 130;
      }
      throw error instanceof RangeError ? new UsageError(error.message, { cause: error }) : error;
    }
    return 0;
  },
});

export const dataCheck = defineCommand({
  name: "data check",
  summary: "Check the files of the data sets against their SHA-256",
  description: "The exit code is 1 where a file is missing or is not the original.",
  examples: [
    { command: "data check", says: "all data sets that have files" },
    { command: "data check mnist --json", says: "one of them, for a program" },
  ],
  parser: fields({
    name: optionalArgument(text("NAME"), "One data set (default: all)"),
    json: flag("--json", "Print one JSON document"),
  }),
  permissions: (_options, { project, cache }) => ({ read: [project, cache] }),
  async run({ name, json }, io) {
    const { checkDataset } = await import("../../data/check.ts");
    const names = name === undefined ? datasets.map((dataset) => dataset.name) : [find(name).name];
    const checks = [];
    for (const dataset of names) {
      for (const check of await checkDataset(dataset, io.place.cache)) checks.push({ dataset, ...check });
    }
    const bad = checks.filter(({ state }) => state !== "ok").length;
    if (json) io.out.write(`${JSON.stringify({ cache: io.place.cache, files: checks })}\n`);
    else if (checks.length === 0) io.out.write(`${names.join(", ")} needs no files\n`);
    else printTable(io.out, ["data set", "file", "state"], checks.map((row) => [row.dataset, row.file, row.state]));
    const first = checks.find(({ state }) => state !== "ok");
    if (first?.message !== undefined) {
      complain(io.err, `${first.message}${bad > 1 ? ` (and ${bad - 1} more)` : ""}`);
    }
    return bad === 0 ? 0 : 1;
  },
});

function find(name: string): DatasetDefinition {
  try {
    return findDataset(name);
  } catch (error) {
    throw error instanceof Error ? new UsageError(error.message, { cause: error }) : error;
  }
}

/** A bar on a terminal; elsewhere one line as each file begins. */
function downloadBar(io: Io) {
  const err = tolerant(io.err);
  let drawn = false, lastFile = "";
  const erase = (): string => drawn ? "\x1b[1A\x1b[J" : "";
  return {
    show({ file, fileNumber, fileCount, receivedBytes, totalBytes }: DownloadProgress): void {
      if (!err.isTerminal) {
        if (file !== lastFile) err.write(`${file} (${fileNumber}/${fileCount}, ${size(totalBytes)})\n`);
        lastFile = file;
        return;
      }
      const note = `${size(receivedBytes)} of ${size(totalBytes)}, file ${fileNumber}/${fileCount}`;
      const [line = ""] = drawLevels([{ name: file, part: receivedBytes / totalBytes, note }], err.columns());
      err.write(`${erase()}${line}\n`);
      drawn = true;
    },
    clear(): void {
      if (drawn) err.write(erase());
      drawn = false;
    },
  };
}

function size(bytes: number): string {
  return bytes < 1e6 ? `${Math.round(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
