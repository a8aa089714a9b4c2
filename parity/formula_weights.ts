/** Weights that a manifest gives by a formula instead of storing them: entry i of tensor number k is
 *  float32(offset + scale·(h/2³² − 1/2)), h = murmur3's final mix of i + k·0x9E3779B9 in 32-bit arithmetic. @module */

import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { elementCount } from "../models/layers.ts";
import type { Model } from "../models/model.ts";
import { fixtureName } from "./fixture_weights.ts";
import { type Manifest, parseManifest } from "./manifest.ts";

const tableSchema = z.looseObject({
  weightTable: z.array(z.looseObject({
    k: z.int().min(0),
    name: z.string(),
    shape: z.array(z.int().min(0)),
    offset: z.number(),
    scale: z.number(),
  })),
});

/** Values of one tensor, row-major. */
export function formulaValues({ k, offset, scale }: { k: number; offset: number; scale: number }, count: number) {
  const values = new Float32Array(count);
  const base = Math.imul(k, 0x9E3779B9);
  for (let i = 0; i < count; i++) {
    let h = (i + base) | 0;
    h = Math.imul(h ^ h >>> 16, 0x85EBCA6B);
    h = Math.imul(h ^ h >>> 13, 0xC2B2AE35);
    h ^= h >>> 16;
    values[i] = offset + scale * ((h >>> 0) / 2 ** 32 - 0.5);
  }
  return values;
}

/**
 * The model's parameters and buffers by the manifest's formula; the caller disposes them.
 *
 * @throws {TypeError} When the manifest's table lacks one, has one too many, or gives one another shape.
 */
export function formulaWeights(model: Model, manifest: Manifest): Map<string, tf.Tensor> {
  const { weightTable } = parseManifest(tableSchema, manifest);
  const rows = new Map(weightTable.map((row) => [row.name, row]));
  const named = [...model.parameters, ...model.buffers];
  const checked = named.map(({ name, shape }) => {
    const row = rows.get(fixtureName(name));
    const fail = (why: string) => new TypeError(`Cannot use the manifest's weightTable: "${fixtureName(name)}" ${why}`);
    if (row === undefined) throw fail("is missing");
    if (row.shape.join() !== shape.join()) throw fail(`has shape [${row.shape}], expected [${shape}]`);
    return { name, shape, row };
  });
  if (rows.size > named.length) {
    throw new TypeError(`Cannot use the manifest's weightTable: ${rows.size} rows where the model has ${named.length}`);
  }
  return new Map(checked.map(({ name, shape, row }) => {
    return [name, tf.keep(tf.tensor(formulaValues(row, elementCount(shape)), [...shape]))];
  }));
}
