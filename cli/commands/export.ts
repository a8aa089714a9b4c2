/** export: saved weights for other programs. @module */

import { basename, dirname, join, resolve } from "node:path";
import { UsageError } from "../../bench/usage_error.ts";
import { atomicWrite } from "../../files/atomic_write.ts";
import { explainWrite } from "../../files/explain_write.ts";
import { plainText } from "../../report/plain_text.ts";
import { defineCommand } from "../command.ts";
import { oneOf, path } from "../kinds.ts";
import { argument, fields, flag, optionalValue, value } from "../options.ts";
import type { Place } from "../place.ts";
import { readBytes } from "../read_file.ts";
import { shortPath } from "../short_path.ts";

/** Metadata of a weight file that describes the file itself, and not the run that it is from. */
const OWN_METADATA = ["format", "model", "modelOptions"];

export const exportWeights = defineCommand({
  name: "export",
  summary: "Write saved weights as a PyTorch state_dict",
  description:
    "The file is a safetensors file with the names and layouts of the public class that the line printed names; PyTorch " +
    "loads it with equal logits. Normalisation inside the network is no part of a state_dict: the line says so where " +
    "the network has it.",
  examples: [
    { command: "export best.safetensors", says: "writes best.pytorch.safetensors beside it" },
    { command: "export best.safetensors --out for-autoattack.safetensors --force", says: "another place" },
  ],
  parser: fields({
    weights: argument(path("WEIGHTS"), "A .safetensors file from a results folder's runs/RUN/weights"),
    format: value("--format", oneOf("pytorch"), "What is to read the file", "pytorch"),
    out: optionalValue("--out", path("FILE"), "The new file (default: NAME.pytorch.safetensors beside WEIGHTS)"),
    force: flag("--force", "Replace the file where there is one"),
    json: flag("--json", "Print one JSON document instead of the line"),
  }),
  permissions(options, place) {
    const { source, target } = paths(options, place);
    // The new file is written under another name in its folder, then renamed.
    return { read: [place.project, source, dirname(target)], write: [dirname(target)] };
  },
  async run(options, io) {
    const { source, target } = paths(options, io.place);
    if (source === target) throw new UsageError(`Cannot write ${target}: it is the file to export; name another --out`);
    const file = await exported(await readBytes(source, "weight file"), options.weights);
    await checkTarget(target, options.force);
    await explainWrite(target, () => atomicWrite(target, file.bytes));
    const { className, model, normalize } = file;
    if (options.json) {
      io.out.write(`${JSON.stringify({ file: target, format: options.format, class: className, model, normalize })}\n`);
    } else io.out.write(`${plainText(`${shortPath(target, io)}: ${className}${sayNormalize(normalize)}`)}\n`);
    return 0;
  },
});

function paths({ weights, out }: { weights: string; out?: string | undefined }, { workingFolder }: Place) {
  const source = resolve(workingFolder, weights);
  const beside = join(dirname(source), `${basename(source).replace(/\.safetensors$/, "")}.pytorch.safetensors`);
  return { source, target: out === undefined ? beside : resolve(workingFolder, out) };
}

/** @throws {UsageError} When the bytes are no weights of ours, or of a model that no public class has. */
async function exported(bytes: Uint8Array, name: string) {
  const { decodeWeights } = await import("../../models/weights.ts");
  const { encodeStateDict, stateDictSource } = await import("../../models/state_dict.ts");
  try {
    const { model, weights, metadata } = decodeWeights(bytes, name);
    const origin = Object.fromEntries([...metadata].filter(([key]) => !OWN_METADATA.includes(key)));
    return {
      bytes: encodeStateDict(model, weights, origin),
      className: stateDictSource(model),
      model: { name: model.name, options: model.options },
      normalize: String(model.options.normalize ?? "none"),
    };
  } catch (error) {
    throw error instanceof Error ? new UsageError(error.message, { cause: error }) : error;
  }
}

/** @throws {UsageError} Where the file cannot be written, or would replace another that the user wants to keep. */
async function checkTarget(target: string, force: boolean): Promise<void> {
  const folder = dirname(target);
  if (await kindOf(folder) !== "folder") {
    throw new UsageError(`Cannot write ${target}: there is no folder ${folder}; make it first`);
  }
  const there = await kindOf(target);
  if (there === "folder") throw new UsageError(`Cannot write ${target}: it is a folder; name a file`);
  if (there === "file" && !force) {
    throw new UsageError(`Cannot write ${target}: there is such a file; give --force to replace it`);
  }
}

async function kindOf(path: string): Promise<"folder" | "file" | "nothing"> {
  try {
    return (await Deno.stat(path)).isDirectory ? "folder" : "file";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "nothing";
    throw error;
  }
}

/** What whoever loads the file must add. */
function sayNormalize(normalize: string): string {
  if (normalize === "none") return ", on pixels in 0..1";
  return `, on pixels normalised by CIFAR-10's mean and deviation, which the file's metadata names (normalize: ${normalize}) ` +
    "and its tensors do not hold";
}
