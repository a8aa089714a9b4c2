import assert from "node:assert/strict";
import type { Split, SplitName } from "./dataset.ts";
import { dataSha256, sha256 } from "./hash.ts";

function split(name: SplitName, images: number[], labels: number[]): Split {
  return {
    name,
    images: Uint8Array.from(images),
    labels: Uint8Array.from(labels),
    ids: new Uint32Array(labels.length),
  };
}

const data = {
  shape: [1, 2, 1] as const,
  train: split("train", [1, 2, 3, 4], [0, 1]),
  validation: split("validation", [], []),
  final: split("held-out", [5, 6], [2]),
};

Deno.test("sha256() gives the published answer for abc, however it is cut", () => {
  const bytes = new TextEncoder().encode("abc");
  const answer = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  assert.equal(sha256(bytes), answer);
  assert.equal(sha256(bytes.subarray(0, 1), bytes.subarray(1)), answer);
});

Deno.test("dataSha256() is the hash of names, types, shapes and bytes as documented", () => {
  const word = (value: number) => [value, 0, 0, 0];
  const name = (text: string) => [...new TextEncoder().encode(text), 0, ...new TextEncoder().encode("uint8")];
  const images = (count: number) => [count, 1, 2, 1].flatMap(word);
  const bytes = [
    [...name("train.images"), ...images(2), 1, 2, 3, 4, ...name("train.labels"), ...word(2), 0, 1],
    [...name("validation.images"), ...images(0), ...name("validation.labels"), ...word(0)],
    [...name("final.images"), ...images(1), 5, 6, ...name("final.labels"), ...word(1), 2],
  ].flat();
  assert.equal(dataSha256(data), sha256(Uint8Array.from(bytes)));
});

Deno.test("dataSha256() changes with every pixel, label, shape and split", () => {
  const others = [
    { ...data, train: split("train", [1, 2, 3, 5], [0, 1]) },
    { ...data, train: split("train", [1, 2, 3, 4], [1, 0]) },
    { ...data, train: split("train", [3, 4, 1, 2], [0, 1]) },
    { ...data, shape: [2, 1, 1] as const },
    { ...data, validation: data.final, final: data.validation },
    { ...data, final: split("held-out", [], []) },
  ];
  const hashes = new Set([data, ...others].map(dataSha256));
  assert.equal(hashes.size, 7);
});
