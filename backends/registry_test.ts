import assert from "node:assert/strict";
import { calibrate } from "./calibration.ts";
import { engines, findEngine } from "./registry.ts";

Deno.test("engines are sorted by name and each opens under its own name", async () => {
  const names = engines.map(({ name }) => name);
  assert.deepEqual(names, [...names].sort());
  for (const definition of engines) {
    const state = await definition.available();
    if (!state.available) {
      assert.match(definition.name, /^tensorflow$/); // the others need nothing but Deno
      assert.match(state.advice, /setup native/);
      continue;
    }
    const engine = await definition.open();
    assert.equal(engine.name, definition.name);
    assert.match(engine.version, /^@tensorflow\/\S+ \d+\.\d+\.\d+/);
    assert.equal(findEngine(definition.name), definition);
  }
});

Deno.test("findEngine() names the engines there are", () => {
  assert.throws(() => findEngine("wsm"), {
    name: "RangeError",
    message: 'Cannot find engine "wsm": expected one of cpu, tensorflow, wasm',
  });
});

Deno.test("calibrate() gives a positive speed and leaves no tensor behind", async () => {
  const engine = await findEngine("wasm").open();
  const before = engine.memory();
  const { gemmGflops, repetitions } = await calibrate(engine);
  assert.ok(gemmGflops > 0 && repetitions >= 3);
  assert.deepEqual(engine.memory(), before);
});

Deno.test("the wasm engine runs in a Worker", async () => {
  const worker = new Worker(new URL("./testing/engine_worker.ts", import.meta.url), { type: "module" });
  try {
    const reply = await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(event.message));
      };
    });
    assert.deepEqual(reply, [3, 7]);
  } finally {
    worker.terminate();
  }
});
