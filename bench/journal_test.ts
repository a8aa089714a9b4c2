import assert from "node:assert/strict";
import { join } from "node:path";
import { Journal, type JournalEvent, readJournal } from "./journal.ts";

const warning: JournalEvent = {
  event: "warning",
  warning: { code: "few-images", message: "10 images", advice: "use more" },
};

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("readJournal() gives back what was appended and leaves out a line that was cut off", () =>
  withFolder(async (folder) => {
    const path = join(folder, "events.jsonl");
    const journal = new Journal(path);
    journal.append(warning);
    journal.append(warning);
    journal.close();
    await Deno.writeTextFile(path, '{"event":"warni', { append: true });
    assert.deepEqual(await readJournal(path), [warning, warning]);
  }));

Deno.test("readJournal() names file and line of what is not an event", () =>
  withFolder(async (folder) => {
    const path = join(folder, "events.jsonl");
    await Deno.writeTextFile(path, `${JSON.stringify(warning)}\n{"event":"unknown"}\n`);
    await assert.rejects(readJournal(path), /events\.jsonl: line 2 is not a journal event/);
  }));

Deno.test("a journal is never opened over another", () =>
  withFolder((folder) => {
    const path = join(folder, "events.jsonl");
    new Journal(path).close();
    assert.throws(() => new Journal(path), Deno.errors.AlreadyExists);
    return Promise.resolve();
  }));
