/** What `setup native` says where something that it needs is missing. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { ended, launch } from "./helpers/launch.ts";

/** Starts the setup with the programs that `path` names and no others; nothing is fetched. */
async function setup(path: readonly string[], args: readonly string[] = []) {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    const programs = join(folder, "programs");
    await Deno.mkdir(programs);
    for (const program of path) {
      await Deno.symlink(program, join(programs, program.slice(program.lastIndexOf("/") + 1)));
    }
    const env = { PATH: programs, YOPO_BENCH_CACHE: join(folder, "cache") };
    return await ended(launch(["setup", "native", ...args], { cwd: folder, env }));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const COMPILER = "/usr/bin/g++";
const compiler = { ignore: !await Deno.stat(COMPILER).then(() => true, () => false) };
const ignored = compiler.ignore ? ` (ignored: no ${COMPILER})` : "";

Deno.test("setup native without a compiler says so before anything is fetched", async () => {
  const { code, out, err } = await setup([]);
  assert.deepEqual([code, out], [1, ""]);
  assert.match(
    err,
    /^yopo-bench: Cannot compile TensorFlow's binding: no C\+\+ compiler is in PATH .*apt install g\+\+\n$/,
  );
});

Deno.test({
  name: `setup native without python3 says what to install${ignored}`,
  ...compiler,
  async fn() {
    const { code, err } = await setup([COMPILER]);
    assert.equal(code, 1);
    assert.match(err, /^yopo-bench: Cannot fetch TensorFlow: no python3 is in PATH; .*python3-pip\n$/);
  },
});

Deno.test({
  name: `setup native --tensorflow names a folder that holds none${ignored}`,
  ...compiler,
  async fn() {
    const { code, err } = await setup([COMPILER], ["--tensorflow", "."]);
    assert.equal(code, 1);
    assert.match(
      err,
      /^yopo-bench: Cannot find TensorFlow in ".*" from --tensorflow: expected a site-packages folder.*\n$/,
    );
  },
});

Deno.test("setup native --from upstream takes no other source", async () => {
  const { code, err } = await setup([], ["--from", "upstream", "--gpu"]);
  assert.equal(code, 2);
  assert.match(err, /^yopo-bench: Cannot use --from upstream with --gpu or --tensorflow: /);
});
