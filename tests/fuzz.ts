/** Gives every parser inputs that are almost right: `deno task fuzz --inputs 20000`. @module */

import { parseArgs } from "node:util";
import { random } from "../random/random.ts";
import { complaintOf, fuzzTargets, mutated } from "./helpers/fuzz.ts";

const { inputs = "20000", seed = "0" } = parseArgs({
  options: { inputs: { type: "string" }, seed: { type: "string" } },
}).values;
const say = (line: string): void => void Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));

let complaints = 0;
for (const { name, seeds, parse } of await fuzzTargets()) {
  const stream = random(Number(seed), `fuzz/${name}`);
  let refused = 0, slowest = 0;
  for (let input = 0; input < Number(inputs); input++) {
    const bytes = mutated(seeds, stream), began = performance.now();
    try {
      await parse(bytes);
    } catch (error) {
      refused++;
      const complaint = complaintOf(error);
      if (complaint !== null && complaints++ < 20) say(`${name}, input ${input}: ${complaint}`);
    }
    slowest = Math.max(slowest, performance.now() - began);
  }
  const { rss } = Deno.memoryUsage();
  say(
    `${name}: ${inputs} inputs, ${refused} refused, slowest ${slowest.toFixed(1)} ms, ${Math.round(rss / 2 ** 20)} MiB`,
  );
}
say(`${complaints} complaints`);
if (complaints > 0) Deno.exitCode = 1;
