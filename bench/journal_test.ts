import assert from "node:assert/strict";
import { join } from "node:path";
import { withTemporaryFolder } from "../files/_temporary_folder.ts";
import { Journal, type JournalEvent, readJournal } from "./journal.ts";

const warning: JournalEvent = {
  event: "warning",
  warning: { code: "few-images", message: "10 images", advice: "use more" },
};

Deno.test("readJournal() gives back what was appended and leaves out a line that was cut off", () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, "events.jsonl");
    const journal = new Journal(path);
    journal.append(warning);
    journal.append(warning);
    journal.close();
    await Deno.writeTextFile(path, '{"event":"warni', { append: true });
    assert.deepEqual(await readJournal(path), [warning, warning]);
  }));

Deno.test("readJournal() names file and line of what is not an event", () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, "events.jsonl");
    await Deno.writeTextFile(path, `${JSON.stringify(warning)}\n{"event":"unknown"}\n`);
    await assert.rejects(readJournal(path), /events\.jsonl: line 2 is not a journal event/);
  }));

Deno.test("a journal is never opened over another", () =>
  withTemporaryFolder((folder) => {
    const path = join(folder, "events.jsonl");
    new Journal(path).close();
    assert.throws(() => new Journal(path), Deno.errors.AlreadyExists);
    return Promise.resolve();
  }));
