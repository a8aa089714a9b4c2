import assert from "node:assert/strict";
import { cacheFolder, cacheVariables } from "./cache_folder.ts";

const cases: readonly [string, string, Record<string, string>, string][] = [
  ["the chosen folder", "linux", { YOPO_BENCH_CACHE: "/data/c", HOME: "/home/a" }, "/data/c"],
  ["XDG_CACHE_HOME on Linux", "linux", { XDG_CACHE_HOME: "/x", HOME: "/home/a" }, "/x/yopo-bench"],
  ["the home on Linux", "linux", { HOME: "/home/a" }, "/home/a/.cache/yopo-bench"],
  [
    "the home where XDG_CACHE_HOME is relative or empty",
    "linux",
    { XDG_CACHE_HOME: "x", HOME: "/home/a" },
    "/home/a/.cache/yopo-bench",
  ],
  ["Library/Caches on macOS", "darwin", { HOME: "/Users/a" }, "/Users/a/Library/Caches/yopo-bench"],
  ["LOCALAPPDATA on Windows", "windows", { LOCALAPPDATA: "C:\\A\\Local" }, "C:\\A\\Local\\yopo-bench"],
];
for (const [what, os, variables, expected] of cases) {
  Deno.test(`cacheFolder() uses ${what}`, () => {
    const asked: string[] = [];
    const env = (name: string) => {
      asked.push(name);
      return variables[name];
    };
    assert.equal(cacheFolder({ os, env }), expected);
    assert.ok(asked.every((name) => cacheVariables.some((variable) => variable === name)));
  });
}

Deno.test("cacheFolder() says what to set where nothing tells the place", () => {
  for (const os of ["linux", "darwin", "windows"]) {
    assert.throws(() => cacheFolder({ os, env: () => undefined }), {
      name: "RangeError",
      message: "Cannot tell the cache folder: the environment names no home; set YOPO_BENCH_CACHE to a folder",
    });
  }
});
