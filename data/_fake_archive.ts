/** A data set published as a gzipped tar, small enough for tests, and bad versions of its archive. @module */

import { gzipSync } from "node:zlib";
import type { DatasetFiles } from "./definition.ts";
import { sha256 } from "./hash.ts";

/** One entry of a tar archive. */
export interface Entry {
  readonly name: string;
  readonly body?: Uint8Array;
  /** What ustar puts before a long name, with "/" between. */
  readonly prefix?: string;
  /** "0": a file, "2": a symbolic link, "5": a folder. @default "0" */
  readonly kind?: string;
  /** The text of the header's size field, where it lies. */
  readonly size?: string;
}

const BLOCK = 512;

/** The bytes of a ustar archive. */
export function tar(entries: readonly Entry[]): Uint8Array<ArrayBuffer> {
  const parts = entries.flatMap(({ name, prefix = "", body = new Uint8Array(), kind = "0", size }) => {
    const header = new Uint8Array(BLOCK), padded = new Uint8Array(Math.ceil(body.length / BLOCK) * BLOCK);
    const put = (at: number, text: string) => header.set(new TextEncoder().encode(text), at);
    put(0, name);
    put(124, size ?? body.length.toString(8).padStart(11, "0"));
    put(148, " ".repeat(8));
    put(156, kind);
    put(257, "ustar\0" + "00");
    put(345, prefix);
    put(148, header.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, "0") + "\0 ");
    padded.set(body);
    return [header, padded];
  });
  return concatenate([...parts, new Uint8Array(2 * BLOCK)]);
}

/** Noise, so that the packed archive is about as long as the files. */
const noise = (length: number, factor: number) =>
  Uint8Array.from({ length }, (_, i) => Math.imul(i + 1, factor) >>> 13 & 255);

/** What the three files hold. */
export const fakeBodies: ReadonlyMap<string, Uint8Array<ArrayBuffer>> = new Map([
  ["a.bin", noise(1500, 0x9e3779b1)],
  ["b.bin", noise(1024, 0x85ebca6b)],
  ["c.bin", noise(700, 0xc2b2ae35)],
]);

/** The data set as its publisher describes it. */
export function fakePackedSet(mirrors: readonly string[] = []): DatasetFiles {
  const files = [...fakeBodies].map(([name, body]) => ({ name, bytes: body.length, sha256: sha256(body) }));
  return { dataset: "packed", mirrors, files, archive: { name: "fake.tar.gz", bytes: 4_000, folder: "inside" } };
}

/** The entries of the right archive, a folder and files that nobody asks for among them. */
export function fakeEntries(): Entry[] {
  const extra = { name: "inside/readme.html", body: new TextEncoder().encode("hello") };
  const files = [...fakeBodies].map(([name, body]): Entry => ({ name: `inside/${name}`, body }));
  return [{ name: "inside/", kind: "5" }, extra, ...files];
}

/** `fakeEntries` packed; `change` may replace entries or give none, by their name. */
export function fakeArchive(change: (entry: Entry) => Entry | readonly Entry[] = (entry) => entry) {
  return new Uint8Array(gzipSync(tar(fakeEntries().flatMap(change))));
}

export function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
