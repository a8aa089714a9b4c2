import assert from "node:assert/strict";
import { hashedText, withoutHash } from "./content_hash.ts";

const record = { schema: "x@1", runs: [{ accuracy: 0.8125, label: "ε", none: null }], seconds: 1e-9 };

Deno.test("a record comes back without its hash, as it was", () => {
  assert.deepEqual(withoutHash(JSON.parse(hashedText(record))), record);
  assert.deepEqual(withoutHash(record), record, "a record of an older version states none");
});

Deno.test("a record with any byte changed is no JSON, the same, or refused", () => {
  const text = new TextEncoder().encode(hashedText(record));
  let refused = 0;
  for (let at = 0; at < text.length; at++) {
    for (const flip of [1, 2, 4, 8, 16]) {
      const bytes = text.slice();
      bytes[at]! ^= flip;
      let value: Record<string, unknown>;
      try {
        value = JSON.parse(new TextDecoder().decode(bytes));
      } catch {
        continue;
      }
      const read = withoutHash(value);
      if (read === null) refused++;
      // The schemas are strict: a key that took the place of "contentSha256" is refused there.
      else if ("contentSha256" in value) assert.deepEqual(read, record, `byte ${at}`);
      else assert.equal(Object.keys(read).length, 4);
    }
  }
  assert.ok(refused > 100);
});
