import assert from "node:assert/strict";
import { compareWith, readPeerTimes } from "./peer_times.ts";
import { UsageError } from "./usage_error.ts";

const line = (change: Record<string, unknown> = {}): string =>
  JSON.stringify({
    ...{ framework: "torch 2.15.0", model: "small-cnn", method: "pgd-40", batch: 256, layout: "nchw", threads: 2 },
    ...{ device: "cpu", secondsPerStep: { median: 4, min: 3.9, max: 4.2 } },
    ...change,
  });
const ours = {
  model: "small-cnn",
  method: "pgd-40",
  batch: 256,
  secondsPerStep: { median: 3, min: 2, max: 9 },
};

Deno.test("compareWith() takes the better layout of each framework and thread count, for the same work only", () => {
  const text = [
    line(),
    line({ layout: "channels-last", secondsPerStep: { median: 6 } }),
    line({ threads: 1, secondsPerStep: { median: 12 } }),
    line({ batch: 128, secondsPerStep: { median: 1 } }),
    line({ method: "pgd-4", secondsPerStep: { median: 1 } }),
    "",
  ].join("\n");
  assert.deepEqual(compareWith(readPeerTimes(text, "peers.jsonl"), ours, "peers.jsonl"), [
    { framework: "torch 2.15.0", layout: "nchw", threads: 2, device: "cpu", secondsPerStep: 4, ratio: 0.75 },
    { framework: "torch 2.15.0", layout: "nchw", threads: 1, device: "cpu", secondsPerStep: 12, ratio: 0.25 },
  ]);
});

Deno.test("readPeerTimes() names the line that is wrong", () => {
  const rows: readonly [string, RegExp][] = [
    [`${line()}\n\n{"framework": "tor`, /Cannot read peers.jsonl:3: not JSON/],
    [`${line()}\n[1]`, /Cannot read peers.jsonl:2: .*expected object/],
    [line({ batch: "256" }), /Cannot read peers.jsonl:1: batch: .*expected number/],
    [line({ secondsPerStep: { median: 0 } }), /Cannot read peers.jsonl:1: secondsPerStep: median: Too small/],
    [line({ secondsPerStep: 3 }), /Cannot read peers.jsonl:1: secondsPerStep: .*expected object/],
  ];
  for (const [text, says] of rows) {
    assert.throws(() => readPeerTimes(text, "peers.jsonl"), (error: Error) => {
      assert.match(error.message, says);
      return error instanceof UsageError;
    });
  }
});

Deno.test("compareWith() says what the file is about where nothing fits", () => {
  const peers = readPeerTimes(`${line()}\n${line({ method: "natural" })}`, "p");
  assert.throws(
    () => compareWith(peers, { ...ours, batch: 64 }, "p"),
    /nothing for small-cnn pgd-40 batch 64, but small-cnn pgd-40 batch 256; small-cnn natural batch 256$/,
  );
  assert.throws(() => compareWith([], ours, "p"), /but no lines$/);
});
