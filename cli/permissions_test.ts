import assert from "node:assert/strict";
import { UsageError } from "../bench/usage_error.ts";
import { permissionFlags } from "./permissions.ts";

Deno.test("permissionFlags() writes one flag for each kind that is needed, and each name once", () => {
  assert.deepEqual(permissionFlags({ read: ["/a b", "/c", "/a b"], write: [], sys: ["cpus", "loadavg"] }), [
    "--allow-read=/a b,/c",
    "--allow-sys=cpus,loadavg",
  ]);
  assert.deepEqual(permissionFlags({ read: [], run: ["g++"], ffi: ["/x.node"] }), [
    "--allow-run=g++",
    "--allow-ffi=/x.node",
  ]);
});

Deno.test("permissionFlags() refuses a path that would read as two", () => {
  assert.throws(() => permissionFlags({ read: ["/a"], write: ["/b,/"] }), UsageError);
});
