/** Parsers under inputs that are almost right; `deno task fuzz` gives each of them 20,000. */

import assert from "node:assert/strict";
import { random } from "../random/random.ts";
import { complaintOf, fuzzTargets, mutated } from "./helpers/fuzz.ts";

for (const { name, seeds, parse } of await fuzzTargets()) {
  Deno.test(`${name}: a whole input is read, and one that is almost right is read or refused in one plain line`, async () => {
    for (const seed of seeds) {
      try {
        await parse(seed);
      } catch (error) {
        assert.ok(name === "sealed" || name === "safetensors", String(error)); // whole, but no chunk and no state_dict
      }
    }
    const stream = random(7, `fuzz/${name}`);
    for (let input = 0; input < 400; input++) {
      const bytes = mutated(seeds, stream);
      try {
        await parse(bytes);
      } catch (error) {
        assert.equal(complaintOf(error), null, `input ${input}: ${new TextDecoder().decode(bytes).slice(0, 300)}`);
      }
    }
  });
}
