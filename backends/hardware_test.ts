import assert from "node:assert/strict";
import { hardwareRecord, loadAverage } from "./hardware.ts";

Deno.test("hardwareRecord() gives the same id each time and knows the versions", async () => {
  const [first, second] = [await hardwareRecord(), await hardwareRecord()];
  assert.match(first.id, /^[0-9a-f]{12}$/);
  assert.equal(second.id, first.id);
  assert.equal(first.deno, Deno.version.deno);
  assert.ok(first.cores >= 1);
});

Deno.test({
  name: "hardwareRecord() says null where it may not look",
  permissions: { sys: false, read: true },
  async fn() {
    const { cpu, memoryBytes, osRelease } = await hardwareRecord();
    assert.deepEqual([cpu, memoryBytes, osRelease, await loadAverage()], [null, null, null, null]);
  },
});
