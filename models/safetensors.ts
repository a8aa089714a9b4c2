/** The safetensors file format (github.com/huggingface/safetensors): u64 header length, JSON header
 *  `{name: {dtype, shape, data_offsets}}` with strings under `__metadata__`, then the data, row-major and little-endian.
 *  Read strictly: every byte of the data belongs to exactly one tensor. @module */

import { elementCount } from "./layers.ts";

/** One tensor of a file; `values` is a copy. */
export type StoredTensor =
  & { readonly shape: readonly number[] }
  & (
    | { readonly dtype: "F32"; readonly values: Float32Array }
    | { readonly dtype: "I64"; readonly values: BigInt64Array }
    | { readonly dtype: "U32"; readonly values: Uint32Array }
    | { readonly dtype: "U8"; readonly values: Uint8Array }
  );

/** A file's content. */
export interface Safetensors {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

const BYTES = { F32: 4, I64: 8, U32: 4, U8: 1 } as const;
const MAX_HEADER_BYTES = 16 * 2 ** 20;
const MAX_RANK = 8;

/** Levels of objects and lists in a header: all tensors, one tensor, its shape. */
const MAX_DEPTH = 3;

/** As much of a name as a message shows. */
const MAX_SHOWN = 200;

/** Types of numbers that PyTorch turns into F32 by float(). */
const OTHER_FLOATS = ["F16", "BF16", "F64"];

const [QUOTE, BACKSLASH, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d];

interface Entry {
  readonly name: string;
  readonly dtype: keyof typeof BYTES;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/**
 * Reads a safetensors file.
 *
 * @param source What the bytes are, for the messages: a path.
 * @throws {SyntaxError} When the bytes break the format in any way.
 */
export function readSafetensors(bytes: Uint8Array, source: string): Safetensors {
  const fail = failure(source);
  const headerBytes = headerLength(bytes, fail);
  const header = parseHeader(bytes.subarray(8, 8 + headerBytes), fail);
  const data = bytes.subarray(8 + headerBytes);
  const { __metadata__: metadata, ...described } = header;
  const entries = Object.entries(described).map(([name, value]) => parseEntry(name, value, fail));
  checkCoverage(entries, data.length, fail);
  return {
    tensors: new Map(entries.map((entry) => [entry.name, readTensor(entry, data)])),
    metadata: parseMetadata(metadata, fail),
  };
}

/** A name in quotation marks, cut where a file has made it endless. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > MAX_SHOWN ? `${name.slice(0, MAX_SHOWN)}…` : name);
}

type Fail = (why: string) => SyntaxError;

function failure(source: string): Fail {
  return (why) => new SyntaxError(`Cannot read safetensors file ${JSON.stringify(source)}: ${why}`);
}

function headerLength(bytes: Uint8Array, fail: Fail): number {
  if (bytes.length < 8) throw fail(`it has ${bytes.length} bytes, too few for a header`);
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES)) throw fail(`its header length ${length} is above ${MAX_HEADER_BYTES} bytes`);
  if (Number(length) > bytes.length - 8) throw fail(`its header of ${length} bytes ends after the file`);
  return Number(length);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseHeader(bytes: Uint8Array, fail: Fail): Record<string, unknown> {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw fail("its header is not valid UTF-8");
  }
  checkDepth(bytes, fail);
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch {
    throw fail("its header is not valid JSON");
  }
  if (!isRecord(header)) throw fail("its header is not a JSON object");
  return header;
}

/** A header may be megabytes of brackets, and each would become an object of its own. */
function checkDepth(bytes: Uint8Array, fail: Fail): void {
  let depth = 0, isText = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (isText && byte === BACKSLASH) i++;
    else if (byte === QUOTE) isText = !isText;
    else if (!isText && (byte === OPEN_LIST || byte === OPEN_OBJECT) && ++depth > MAX_DEPTH) {
      throw fail(`its header is nested more than ${MAX_DEPTH} deep`);
    } else if (!isText && (byte === CLOSE_LIST || byte === CLOSE_OBJECT)) depth--;
  }
}

function parseMetadata(metadata: unknown, fail: Fail): Map<string, string> {
  if (metadata === undefined) return new Map();
  if (!isRecord(metadata)) throw fail("its metadata is not a JSON object");
  return new Map(
    Object.entries(metadata).map(([key, value]) => {
      if (typeof value !== "string") throw fail(`its metadata ${quoted(key)} is not a string`);
      return [key, value];
    }),
  );
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isKnownType(value: unknown): value is keyof typeof BYTES {
  return typeof value === "string" && Object.hasOwn(BYTES, value);
}

function parseEntry(name: string, value: unknown, fail: Fail): Entry {
  const tensor = `tensor ${quoted(name)}`;
  if (!isRecord(value)) throw fail(`${tensor} is not a JSON object`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (!isKnownType(dtype)) {
    const found = typeof dtype === "string" ? `type ${quoted(dtype)}` : "no type";
    const advice = OTHER_FLOATS.some((name) => name === dtype) ? "; convert it with .float()" : "";
    throw fail(`${tensor} has ${found}, expected ${Object.keys(BYTES).join(", ")}${advice}`);
  }
  if (!Array.isArray(shape) || shape.length > MAX_RANK || !shape.every(isCount)) {
    throw fail(`${tensor} has no shape of at most ${MAX_RANK} sizes`);
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    throw fail(`${tensor} has no pair of offsets`);
  }
  const [begin, end] = offsets as [number, number];
  if (begin > end) throw fail(`${tensor} ends before it begins`);
  if (elementCount(shape) * BYTES[dtype] !== end - begin) {
    throw fail(
      `${tensor} has ${end - begin} bytes where its shape [${shape.join(", ")}] and type ${dtype} need others`,
    );
  }
  return { name, dtype, shape, begin, end };
}

/** Tensors must follow one another without gap or overlap, from the first byte of the data to the last. */
function checkCoverage(entries: readonly Entry[], dataBytes: number, fail: Fail): void {
  let covered = 0;
  for (const { name, begin, end } of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    const tensor = `tensor ${quoted(name)}`;
    if (end > dataBytes) throw fail(`${tensor} ends at byte ${end} of ${dataBytes}; the file may be truncated`);
    if (begin < covered) throw fail(`${tensor} overlaps another tensor`);
    if (begin > covered) throw fail(`${begin - covered} bytes before ${tensor} belong to no tensor`);
    covered = end;
  }
  if (covered < dataBytes) throw fail(`its last ${dataBytes - covered} bytes belong to no tensor`);
}

/** Copies a tensor's bytes out, which also aligns them; typed arrays are little-endian wherever Deno runs. */
function readTensor({ dtype, shape, begin, end }: Entry, data: Uint8Array): StoredTensor {
  const bytes = data.slice(begin, end);
  switch (dtype) {
    case "F32":
      return { dtype, shape, values: new Float32Array(bytes.buffer) };
    case "I64":
      return { dtype, shape, values: new BigInt64Array(bytes.buffer) };
    case "U32":
      return { dtype, shape, values: new Uint32Array(bytes.buffer) };
    case "U8":
      return { dtype, shape, values: bytes };
  }
}

/** What a file is written from. */
export type TensorsToStore = ReadonlyMap<string, Pick<StoredTensor, "shape" | "values">>;

/** Writes tensors in the map's order; the same input gives the same bytes. */
export function writeSafetensors(
  tensors: TensorsToStore,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const entries: [string, unknown][] = Object.keys(metadata).length > 0 ? [["__metadata__", metadata]] : [];
  let offset = 0;
  for (const [name, { shape, values }] of tensors) {
    const dtype = dtypeOf(values);
    entries.push([name, { dtype, shape, data_offsets: [offset, offset + values.byteLength] }]);
    offset += values.byteLength;
  }
  // Object.fromEntries, unlike assignment, takes "__proto__" for a name like any other.
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const headerBytes = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(8 + headerBytes + offset);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true);
  bytes.fill(0x20, 8, 8 + headerBytes);
  bytes.set(text, 8);
  let position = 8 + headerBytes;
  for (const { values } of tensors.values()) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), position);
    position += values.byteLength;
  }
  return bytes;
}

function dtypeOf(values: StoredTensor["values"]): StoredTensor["dtype"] {
  if (values instanceof Float32Array) return "F32";
  if (values instanceof BigInt64Array) return "I64";
  return values instanceof Uint32Array ? "U32" : "U8";
}
