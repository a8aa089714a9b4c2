/** An evaluation of saved weights that leaves its record, and its images where asked, in a folder, and goes on there after a
 *  kill. @module */

import { createHash } from "node:crypto";
import { join } from "node:path";
import { findDataset } from "../data/registry.ts";
import { atomicWrite } from "../files/atomic_write.ts";
import { type AdversarialImage, adversarialImages, encodeAdversarialImages } from "./adversarial_images.ts";
import { type EngineRequest, planEngine } from "./engine_request.ts";
import type { EvaluateOptions } from "./evaluate_weights.ts";
import { EvaluationFolder } from "./evaluation_folder.ts";
import type { EvaluationRecord } from "./evaluation_record.ts";
import { evaluateWithPlan } from "./on_team.ts";
import { decodeChunk } from "./outcome_store.ts";
import type { Observe } from "./progress.ts";
import { distinctAttacks } from "./run_config.ts";
import { firstImages } from "./run_state.ts";
import { UsageError } from "./usage_error.ts";

export interface IntoFolder {
  /** Absolute. */
  readonly out: string;
  /** Told of each attack's images before the record is written; they are in a safetensors file by then. */
  readonly onImages?: (images: AttackedImages) => Promise<void>;
}

/** The images that one attack found. */
export interface AttackedImages {
  readonly key: string;
  readonly label: string;
  readonly images: readonly AdversarialImage[];
  readonly shape: readonly [number, number, number];
}

/** How it ended; `batches` that are on the disk. */
export type EvaluationOutcome =
  | { readonly status: "complete"; readonly record: EvaluationRecord }
  | { readonly status: "interrupted"; readonly batches: number };

/**
 * Evaluates, or goes on, or reads the record that is there.
 *
 * @param signal Ends the work at once, in the middle of a batch; finished batches stay.
 * @throws {UsageError} What {@linkcode evaluateWithPlan} throws, or when the folder holds another evaluation.
 */
export async function evaluateInto(
  request: EngineRequest,
  options: EvaluateOptions,
  { out, onImages }: IntoFolder,
  observe: Observe,
  signal: AbortSignal,
): Promise<EvaluationOutcome> {
  const plan = await planEngine(request);
  const folder = await EvaluationFolder.open(out, keyOf(options, plan));
  try {
    const before = await folder.record();
    if (before !== null) {
      if (onImages) await refuseLateImages(out, before);
      observe({ kind: "note", text: `${out} holds this evaluation already` });
      return { status: "complete", record: before };
    }
    const known = await wholeChunks(folder, observe);
    if (known.length > 0) {
      observe({
        kind: "note",
        text: `Going on with ${known.length} ${known.length === 1 ? "batch" : "batches"} of an earlier attempt`,
      });
    }
    const record = await evaluateWithPlan(
      plan,
      { ...options, known, keeps: true },
      observe,
      // Work that cannot be kept is not gone on with.
      { keep: (bytes) => folder.keep(bytes), signal: AbortSignal.any([signal, folder.failed]) },
    );
    await folder.settle();
    if (onImages) await saveImages(folder, options, record, { onImages, signal });
    await folder.finish(record);
    return { status: "complete", record };
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
    await folder.settle();
    return { status: "interrupted", batches: (await folder.chunks()).length };
  } finally {
    await folder.settle().catch(() => {});
    folder.close();
  }
}

/** An evaluation that ended lets go of its images. @throws {UsageError} When it did not save them. */
async function refuseLateImages(out: string, { robust }: EvaluationRecord): Promise<void> {
  for (const { attack } of robust) {
    const isThere = await Deno.stat(join(out, `adversarial-${attack}.safetensors`)).then(() => true, () => false);
    if (!isThere) {
      throw new UsageError(`Cannot save the images of ${out}: its evaluation ended without them; choose another --out`);
    }
  }
}

/** The outcomes that can be read; the images of others are attacked again. */
async function wholeChunks(folder: EvaluationFolder, observe: Observe): Promise<string[]> {
  const whole: string[] = [];
  for (const file of await folder.chunks()) {
    try {
      decodeChunk(await Deno.readFile(file), file);
      whole.push(file);
    } catch (error) {
      observe({ kind: "note", text: `${(error as Error).message}; its images are attacked again` });
      await Deno.remove(file);
    }
  }
  return whole;
}

/** What decides the outcomes. */
function keyOf(options: EvaluateOptions, plan: Awaited<ReturnType<typeof planEngine>>): unknown {
  const { weights, given, data, split, limit, threat, attacks, curve, seed } = options;
  const { engine, precision, shards } = plan;
  const plain = {
    weightFileSha256: createHash("sha256").update(weights).digest("hex"),
    ...{ given, data, split, limit, threat, curve, seed },
    attacks: keysOf(threat, attacks),
    engine: { engine, precision, shards },
  };
  return JSON.parse(JSON.stringify(plain));
}

function keysOf(...attacks: Parameters<typeof distinctAttacks>): string[] {
  try {
    return [...distinctAttacks(...attacks).keys()];
  } catch (error) {
    throw UsageError.from(error, "--attack and its options");
  }
}

async function saveImages(
  folder: EvaluationFolder,
  { data, split, limit, cache }: EvaluateOptions,
  record: EvaluationRecord,
  { onImages, signal }: Required<Pick<IntoFolder, "onImages">> & { readonly signal: AbortSignal },
): Promise<void> {
  const dataset = await findDataset(data.name).load(data.options, { cache });
  const judged = firstImages(dataset, split, limit ?? dataset[split].labels.length), files = await folder.chunks();
  for (const row of record.robust) {
    signal.throwIfAborted();
    const key = row.attack, images = await adversarialImages(files, judged, row);
    const { label } = record.attacks[key]!;
    const metadata = { attack: label, data: record.data.name, split: record.split };
    const bytes = encodeAdversarialImages(images, dataset.shape, { ...metadata, weightsSha256: record.weightsSha256 });
    await atomicWrite(join(folder.path, `adversarial-${key}.safetensors`), bytes);
    await onImages({ key, label, images, shape: dataset.shape });
  }
}
