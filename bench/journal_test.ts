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
    const journal = new Journal(path);
    journal.append(warning);
    journal.append({ event: "unknown" } as unknown as JournalEvent);
    journal.close();
    await assert.rejects(readJournal(path), /events\.jsonl: line 2 is not a journal event/);
  }));

Deno.test("a journal is never opened over another", () =>
  withTemporaryFolder((folder) => {
    const path = join(folder, "events.jsonl");
    new Journal(path).close();
    assert.throws(() => new Journal(path), Deno.errors.AlreadyExists);
    return Promise.resolve();
  }));

Deno.test("a journal that was changed anywhere is refused in one line, or ends where it was changed", () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, "events.jsonl"),
      other: JournalEvent = {
        event: "warning",
        warning: { code: "busy-machine", message: "ε = 0.3 → 3 of 4", advice: "run it again" },
      };
    const journal = new Journal(path), written = [warning, other, warning, other];
    written.forEach((event) => journal.append(event));
    journal.close();
    const whole = await Deno.readFile(path);
    const check = async (bytes: Uint8Array, what: string) => {
      await Deno.writeFile(path, bytes);
      const events = await readJournal(path).catch((error: Error) => {
        assert.match(error.message, /^Cannot read [^\n]*events\.jsonl: line \d is not a journal event: [^\n]*$/, what);
        return null;
      });
      if (events !== null) assert.deepEqual(events, written.slice(0, events.length), what);
      return events;
    };
    for (let at = 0; at < whole.length; at++) {
      for (const flip of [0x01, 0x10, 0x80]) {
        const bytes = whole.slice();
        bytes[at]! ^= flip;
        const events = await check(bytes, `byte ${at} flipped by ${flip}`);
        assert.ok(events === null || at === whole.length - 1, "only the end of the last line can be taken for a cut");
      }
    }
    for (let length = 0; length < whole.length; length += 7) await check(whole.slice(0, length), `cut to ${length}`);
    const lines = new TextDecoder().decode(whole).split("\n");
    const rearranged = (order: readonly number[]) =>
      new TextEncoder().encode(order.map((i) => `${lines[i]}\n`).join(""));
    for (const order of [[1], [0, 2], [0, 0], [1, 0, 2, 3], [0, 1, 3]]) {
      assert.equal(await check(rearranged(order), `lines ${order}`), null, `lines ${order}`);
    }
  }));
