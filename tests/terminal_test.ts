/** The program on a terminal: what libraries and Deno permit differs from what they permit through a pipe. @module */

import assert from "node:assert/strict";
import { join } from "node:path";
import { launcherWords } from "./helpers/launch.ts";

const COLUMNS = 60;

/** Runs its arguments on a pseudo-terminal, copies what they print and ends like them. */
const onTerminal = `
import fcntl, os, pty, struct, sys, termios
child, terminal = pty.fork()
if child == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, ${COLUMNS}, 0, 0))
    os.execv(sys.argv[1], sys.argv[1:])
while True:
    try:
        data = os.read(terminal, 65536)
    except OSError:
        break
    if not data:
        break
    os.write(1, data)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
`;

/** Whether there is a python3 with pseudo-terminals that this process may run. */
function hasPython(): boolean {
  if (Deno.build.os === "windows") return false;
  try {
    return new Deno.Command("python3", { args: ["-c", "import pty"], stderr: "null" }).outputSync().success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable) return false;
    throw error;
  }
}

const ignore = !hasPython();

async function runOnTerminal(line: string, cwd: string, env: { NO_COLOR: string }) {
  const args = ["-c", onTerminal, ...launcherWords(line.split(" "))];
  const { code, stdout } = await new Deno.Command("python3", { args, cwd, env }).output();
  return { code, screen: new TextDecoder().decode(stdout).replaceAll("\r\n", "\n") };
}

const ESCAPE = "\x1b";

/** The text between the control sequences of a terminal. */
function withoutCodes(screen: string): string {
  return screen.split(ESCAPE).map((part, index) => index === 0 ? part : part.replace(/^\[[0-9;]*[A-Za-z]/, "")).join(
    "",
  );
}

Deno.test(
  { name: "bench redraws its progress on a narrow terminal without wrapping (needs python3)", ignore },
  async () => {
    const folder = await Deno.makeTempDir({ prefix: "yopo-bench-" });
    try {
      const { code, screen } = await runOnTerminal("bench smoke --set runs.*.epochs=1 --out out", folder, {
        NO_COLOR: "",
      });
      assert.equal(code, 0, screen);
      assert.ok(screen.includes(`${ESCAPE}[1A`) && screen.includes(`${ESCAPE}[J`), "lines are wiped and drawn again");
      assert.ok(screen.includes(`${ESCAPE}[1mRun${ESCAPE}[22m`), "the table's head is bold");
      const live = withoutCodes(screen).split("\n").filter((line) =>
        /^(smoke|batch|[a-z0-9-]+ seed 0|validation) /.test(line)
      );
      assert.ok(live.length > 3, "there was progress");
      for (const line of live) assert.ok([...line].length < COLUMNS, line);
      const table = withoutCodes(screen).split("\n").filter((line) => line.startsWith("│"));
      for (const line of table) assert.ok([...line].length <= COLUMNS, line);
      assert.ok((await Deno.stat(join(folder, "out/report.md"))).isFile);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

Deno.test({ name: "NO_COLOR turns colours off on a terminal (needs python3)", ignore }, async () => {
  const folder = await Deno.makeTempDir({ prefix: "yopo-bench-" });
  try {
    const colored = await runOnTerminal("list engines", folder, { NO_COLOR: "" });
    assert.equal(colored.code, 0, colored.screen);
    assert.ok(colored.screen.includes(`${ESCAPE}[1m`));
    const plain = await runOnTerminal("list engines", folder, { NO_COLOR: "1" });
    assert.equal(plain.code, 0, plain.screen);
    assert.ok(!plain.screen.includes(`${ESCAPE}[1m`));
    assert.equal(withoutCodes(colored.screen), withoutCodes(plain.screen));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
