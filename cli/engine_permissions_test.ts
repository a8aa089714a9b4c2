import assert from "node:assert/strict";
import { withEngine } from "./engine_permissions.ts";

const cache = "/cache";

Deno.test("withEngine() lets a command that may open tensorflow load one library and read its settings", () => {
  for (const engine of ["auto", "tensorflow"]) {
    const { permissions, variables } = withEngine({ read: ["/p"], engine: { engine, precision: "f32" } }, { cache });
    assert.deepEqual(permissions.read, ["/p", "/cache/native"]);
    assert.deepEqual(permissions.ffi, ["/cache/native/binding.node"]);
    assert.ok(permissions.env?.includes("MALLOC_ARENA_MAX"));
    assert.equal(variables.ONEDNN_DEFAULT_FPMATH_MODE, undefined);
    assert.ok(Object.keys(variables).every((name) => !name.startsWith("LD_")));
  }
});

Deno.test("withEngine() asks oneDNN for bfloat16 only where the option does", () => {
  const { variables } = withEngine({ read: [], engine: { engine: "auto", precision: "bf16" } }, { cache });
  assert.equal(variables.ONEDNN_DEFAULT_FPMATH_MODE, "BF16");
});

Deno.test("withEngine() adds nothing for the other engines and for commands without one", () => {
  for (const engine of ["wasm", "cpu"]) {
    const asked = { read: ["/p"], engine: { engine, precision: "f32" } };
    assert.deepEqual(withEngine(asked, { cache }), { permissions: { read: ["/p"] }, variables: {} });
  }
  assert.deepEqual(withEngine({ read: ["/p"] }, { cache }), { permissions: { read: ["/p"] }, variables: {} });
});
