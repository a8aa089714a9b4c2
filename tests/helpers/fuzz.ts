/** Parsers under inputs that are almost right: each must give a value or one plain line, soon and in bounded memory.
 *  @module */

import { seal } from "../../models/sealed.ts";
import { decodeStateDict } from "../../models/state_dict.ts";
import { writeSafetensors } from "../../models/safetensors.ts";
import { decodeWeights, encodeWeights } from "../../models/weights.ts";
import { findModel } from "../../models/registry.ts";
import { random, type RandomStream } from "../../random/random.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../../bench/checkpoint.ts";
import { parseJournal, serializeEvents } from "../../bench/journal.ts";
import { checkSuite } from "../../bench/load_suite.ts";
import { decodeChunk, encodeChunk } from "../../bench/outcome_store.ts";
import { planRuns } from "../../bench/run_config.ts";
import { readPeerTimes } from "../../bench/peer_times.ts";
import { readCommandLine } from "../../cli/command_line.ts";
import { gunzip } from "../../data/gunzip.ts";
import { parseIdx } from "../../data/idx.ts";
import { tarMembers } from "../../data/tar.ts";
import { openManifest } from "../../parity/manifest.ts";
import { sampleResult } from "../../report/_sample_result.ts";
import { readResult } from "../../report/read_result.ts";

/** A parser and what it should be given. */
export interface FuzzTarget {
  readonly name: string;
  /** Whole inputs, which mutations begin from. */
  readonly seeds: readonly Uint8Array[];
  parse(bytes: Uint8Array): unknown;
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** JSON of a mutated text; what is no JSON is the JSON parser's affair. */
function json(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(text(bytes));
  } catch {
    throw new SyntaxError("Cannot read it: no JSON");
  }
}

async function gzipped(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([new Uint8Array(bytes)]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** A ustar archive of one file. */
function tarOf(name: string, body: Uint8Array): Uint8Array {
  const archive = new Uint8Array(512 * (3 + Math.ceil(body.length / 512))), header = archive.subarray(0, 512);
  header.set(encode(name));
  header.set(encode(body.length.toString(8).padStart(11, "0")), 124);
  header.set(encode("0ustar"), 156);
  const sum = header.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
  header.set(encode(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
  archive.set(body, 512);
  return archive;
}

function idxOf(shape: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + shape.reduce((product, size) => product * size, 1));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x0800 | shape.length);
  shape.forEach((size, axis) => view.setUint32(4 + 4 * axis, size));
  return bytes;
}

async function readTar(bytes: Uint8Array): Promise<number> {
  let read = 0;
  const source = async function* () {
    for (let at = 0; at < bytes.length; at += 700) yield bytes.subarray(at, at + 700);
  };
  for await (const { body } of tarMembers(source())) for await (const piece of body) read += piece.length;
  return read;
}

/** Every parser of something that comes from elsewhere. */
export async function fuzzTargets(): Promise<FuzzTarget[]> {
  const model = findModel("tiny-cnn").create({ height: 6, width: 6, channels: 1, classes: 3 });
  const weights = model.initialize((name) => random(1, name));
  const small = new Map([["a", { shape: [2, 3], values: new Float32Array(6) }]]);
  const chunk = {
    ...{ positions: Uint32Array.of(0, 1), outcomes: Float64Array.of(0, 1), predicted: Int32Array.of(2, 3) },
    ...{ images: new Float32Array(4), maxPerturbation: 0.1, violations: 0, seconds: 1 },
  };
  const suite = await Deno.readFile(new URL("../../suites/smoke.json", import.meta.url));
  const warning = { code: "few-images", message: "10 images", advice: "use more" };
  const clock = { seconds: { train: 1, evaluation: 1, checkpoint: 0, warmUp: 1, idle: 0 }, wallSeconds: 3 };
  const checkpoint = encodeCheckpoint({
    state: {
      record: {
        ...{
          step: 3,
          examples: 96,
          loadSeconds: 0.1,
          dataWaitSeconds: 0,
          stepSeconds: [0.1],
          lossSum: 1,
          lossCount: 32,
        },
        passes: { full: 3, forward: 0, firstLayerAdversary: 0, firstLayerWeights: 0 },
      },
      ...{ examplesBefore: 64, clock, alarm: { points: [], told: [] } },
      judge: { points: [], best: null, previousStep: null, crossed: [], told: ["few-images"] },
    },
    groups: new Map([["parameters", small]]),
  });
  const peer = {
    framework: "torch",
    model: "small-cnn",
    method: "natural",
    batch: 256,
    secondsPerStep: { median: 0.1 },
  };
  const line = "evaluate w.safetensors --attack pgd-20:restarts=2,fgsm --eps 8/255 --norm l2 --curve --out o --limit 5";
  const bench = "bench quick --seeds 0,1 --set runs.*.epochs=2 --scale 0.1 --engine wasm --workers 2 --json";
  return [
    {
      name: "safetensors",
      seeds: [writeSafetensors(small, { a: "b" })],
      parse: (bytes) => decodeStateDict(bytes, "f"),
    },
    { name: "weights", seeds: [encodeWeights(model, weights)], parse: (bytes) => decodeWeights(bytes, "f") },
    { name: "sealed", seeds: [seal(small, { a: "b" })], parse: (bytes) => decodeChunk(bytes, "f") },
    { name: "chunk", seeds: [encodeChunk("pgd-20", chunk)], parse: (bytes) => decodeChunk(bytes, "f") },
    { name: "checkpoint", seeds: [checkpoint], parse: (bytes) => decodeCheckpoint(bytes, "f") },
    {
      name: "journal",
      seeds: [encode(serializeEvents([{ event: "warning", warning }, { event: "warning", warning }]))],
      parse: (bytes) => parseJournal(text(bytes), "f"),
    },
    { name: "suite", seeds: [suite], parse: (bytes) => planRuns(checkSuite(json(bytes), "f")) },
    {
      name: "result",
      seeds: [encode(JSON.stringify(sampleResult({ strong: true })))],
      parse: (bytes) => readResult(text(bytes), "f"),
    },
    { name: "idx", seeds: [idxOf([3, 4, 4])], parse: (bytes) => parseIdx(bytes, { shape: [3, 4, 4], source: "f" }) },
    {
      name: "gzip",
      seeds: [await gzipped(idxOf([3, 4, 4])), await gzipped(new Uint8Array(1e5))],
      parse: (bytes) => gunzip(bytes, { limit: 1e5, source: "f" }),
    },
    { name: "tar", seeds: [tarOf("a/data_batch_1.bin", new Uint8Array(1500))], parse: readTar },
    {
      name: "manifest",
      seeds: [
        encode(
          '{"case":"yopo-step","hyper":{"m":5,"n":3},"tensors":[{"name":"x","file":"x.bin","shape":[2,3],"dtype":"float32"}]}',
        ),
      ],
      parse: (bytes) => openManifest(text(bytes)).read(),
    },
    { name: "peer times", seeds: [encode(JSON.stringify(peer))], parse: (bytes) => readPeerTimes(text(bytes), "f") },
    {
      name: "command line",
      seeds: [encode(line), encode(bench)],
      parse: (bytes) => readCommandLine(text(bytes).split(" "), 80),
    },
  ];
}

/** Pieces that parsers trip over. */
const TOKENS = [
  "{",
  "}",
  "[",
  "]",
  '"',
  ",",
  ":",
  "null",
  "true",
  "-1",
  "0",
  "1e999",
  "9007199254740993",
  "1e-320",
  "__proto__",
  "constructor",
  "\\u0000",
  "\u0000",
  "\u202e",
  "'",
  "--",
  "=",
  "..",
  "/",
  "NaN",
  "[[[[[[[[",
  "\n",
  "\t",
  "999999999999",
];

/** An input that is almost one of the seeds. */
export function mutated(seeds: readonly Uint8Array[], stream: RandomStream): Uint8Array {
  const pick = (below: number): number => Math.min(below - 1, Math.floor(stream.uniform() * below));
  let bytes = new Uint8Array(seeds[pick(seeds.length)]!);
  for (let change = 1 + pick(4); change > 0; change--) {
    const at = pick(bytes.length + 1), length = pick(Math.min(64, bytes.length + 1));
    const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at)];
    const kind = pick(7);
    if (kind === 0 && at < bytes.length) bytes[at]! ^= 1 << pick(8);
    if (kind === 1 && at < bytes.length) bytes[at] = [0, 0xff, 0x7f, 0x80, 0x30, 0x22][pick(6)]!;
    if (kind === 2) bytes = new Uint8Array(head);
    if (kind === 3) bytes = joined(head, tail.subarray(length));
    if (kind === 4) bytes = joined(head, tail.subarray(0, length), tail);
    if (kind === 5) bytes = joined(head, encode(TOKENS[pick(TOKENS.length)]!), tail);
    if (kind === 6) bytes = joined(head, encode(TOKENS[pick(TOKENS.length)]!), tail.subarray(length));
  }
  return bytes;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** What an engine says where a program has made a mistake, rather than a parser of its input. */
const MISTAKE =
  /^Cannot read properties|is not a function|is not iterable|is not defined|Invalid (array|typed array|count)|call stack|^Assertion|^Unexpected (end|token)|out of memory/i;

/** Why an error is no plain refusal; null where it is one. */
export function complaintOf(error: unknown): string | null {
  if (!(error instanceof Error)) return `it threw ${String(error)}`;
  if (MISTAKE.test(error.message)) return `${error.name}: ${error.message}`;
  if (/[\n\r]/.test(error.message)) return `more than one line: ${JSON.stringify(error.message)}`;
  if (error.message.length > 2000) return `a message of ${error.message.length} characters`;
  return error.message === "" ? "an error without a message" : null;
}
