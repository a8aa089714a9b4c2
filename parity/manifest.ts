/** Manifests: the JSON that describes a case's tensors, network and hyper-parameters. @module */

import { z } from "zod";

const tensorEntry = z.looseObject({
  name: z.string().min(1),
  dtype: z.enum(["float32", "int64", "uint8"]),
  shape: z.array(z.int().min(0)),
  /** What the axes are, such as "n,h,w,c" or "[sum, L2 norm]". */
  axes: z.string().default(""),
  /** What the tensor is, in words. */
  is: z.string().default(""),
});

const manifestSchema = z.looseObject({
  case: z.string().min(1),
  /** The tensors' file; the manifest's own name with .safetensors where absent. */
  file: z.string().optional(),
  /** The weights' file, first word; words may follow. */
  weights: z.string().optional(),
  hyper: z.record(z.string(), z.unknown()).default({}),
  variants: z.record(z.string(), z.unknown()).default({}),
  /** Number of scalars in the network's parameters. */
  parameters: z.int().optional(),
  tensors: z.array(tensorEntry).default([]),
});

export type TensorEntry = z.output<typeof tensorEntry>;
export type Manifest = z.output<typeof manifestSchema>;

/**
 * The kind of case that a manifest is of, and the manifest itself once it is asked for: kinds that are not known may be
 * written in other ways.
 *
 * @throws {SyntaxError} When the text is not JSON, or states no case; from `read`, when it is not a manifest.
 */
export function openManifest(text: string): { readonly kind: string; read(): Manifest } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new SyntaxError("Cannot read manifest: it is not valid JSON");
  }
  const { case: kind } = checked(z.looseObject({ case: z.string().min(1) }), value, "Cannot read manifest");
  return { kind, read: () => checked(manifestSchema, value, "Cannot read manifest") };
}

/**
 * A manifest's hyper-parameters in the form that a case needs.
 *
 * @throws {SyntaxError} When one is missing or of another type.
 */
export function parseHyper<T extends z.ZodType>(schema: T, { hyper }: Manifest): z.output<T> {
  return checked(schema, hyper, 'Cannot read "hyper" of the manifest');
}

/**
 * What a kind of case has in its manifest besides the common parts.
 *
 * @throws {SyntaxError} When something is missing or of another type.
 */
export function parseManifest<T extends z.ZodType>(schema: T, manifest: Manifest): z.output<T> {
  return checked(schema, manifest, "Cannot read manifest");
}

function checked<T extends z.ZodType>(schema: T, value: unknown, action: string): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.map(({ path, message }) => `${path.join(".") || "it"}: ${message}`);
  throw new SyntaxError(`${action}: ${issues.join("; ")}`);
}
