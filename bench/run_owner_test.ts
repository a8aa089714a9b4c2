import assert from "node:assert/strict";
import { join } from "node:path";
import { withTemporaryFolder } from "../files/_temporary_folder.ts";
import { listAttempts } from "./output_folder.ts";
import { type ClaimOptions, findHolder, lastOwner, RunOwner, waitUntilFree } from "./run_owner.ts";

const LEASE_SECONDS = 0.3;

function claim(options: Partial<ClaimOptions> = {}): ClaimOptions {
  return {
    ...{ wait: false, signal: new AbortController().signal, tell: () => {} },
    ...{ leaseSeconds: LEASE_SECONDS, lookSeconds: 0.05, ...options },
  };
}

/** The attempt of an owner on another host, who counts on where asked. */
async function ownerElsewhere(folder: string, attempt: number): Promise<(count: number) => Promise<void>> {
  const path = join(folder, `attempt-${attempt}`);
  await Deno.mkdir(path, { recursive: true });
  const record = { owner: "x", host: "elsewhere", process: 1, at: new Date().toISOString(), trainSeconds: 7 };
  const write = (count: number): Promise<void> =>
    Deno.writeTextFile(join(path, "owner.json"), JSON.stringify({ ...record, count, released: false }));
  await write(0);
  return write;
}

Deno.test("an attempt has one owner, who is respected until it lets go", () =>
  withTemporaryFolder(async (folder) => {
    assert.equal(await findHolder(folder), null);
    {
      await using owner = (await RunOwner.create(folder))!;
      assert.deepEqual([owner.attempt, owner.path], [1, join(folder, "attempt-1")]);
      const holder = await waitUntilFree(folder, claim());
      assert.deepEqual([holder?.attempt, holder?.process, holder?.isAlive], [1, Deno.pid, true]);
      owner.trainSeconds = 3;
    }
    assert.equal(await waitUntilFree(folder, claim()), null);
    assert.equal((await lastOwner(folder, 2))?.trainSeconds, 3);
    assert.equal(await lastOwner(folder, 1), null);
    await using next = (await RunOwner.create(folder))!;
    assert.equal(next.attempt, 2);
  }));

Deno.test("of many that reach for a run at once each attempt goes to one, in 20 races", () =>
  withTemporaryFolder(async (folder) => {
    for (let race = 0; race < 20; race++) {
      const run = join(folder, `run-${race}`);
      const owners = await Promise.all(Array.from({ length: 4 }, () => RunOwner.create(run)));
      const won = owners.flatMap((owner) => owner?.attempt ?? []);
      assert.ok(won.length >= 1);
      assert.deepEqual(won.toSorted(), await listAttempts(run), "an attempt belongs to one, and none to nobody");
      const names = (await Array.fromAsync(Deno.readDir(run))).map(({ name }) => name);
      assert.ok(names.every((name) => name.startsWith("attempt-")), `losers leave nothing: ${names}`);
      for (const owner of owners) await owner?.[Symbol.asyncDispose]();
    }
  }));

Deno.test("an owner elsewhere is given way to while it counts, and taken for dead after its lease", () =>
  withTemporaryFolder(async (folder) => {
    const count = await ownerElsewhere(folder, 1), told: string[] = [];
    let counts = 0;
    const timer = setInterval(() => count(++counts), 20);
    const holder = await waitUntilFree(folder, claim({ tell: (text) => told.push(text) }));
    assert.deepEqual([holder?.host, holder?.isAlive], ["elsewhere", false]);
    assert.match(told.join(), /^process 1 on host elsewhere may be at work/);
    clearInterval(timer);
    assert.equal(await waitUntilFree(folder, claim()), null, "it says no more");
  }));

Deno.test("who waits takes a run over from an owner that holds the lock and has stopped counting", () =>
  withTemporaryFolder(async (folder) => {
    await using sleeping = (await RunOwner.create(folder, 3600))!;
    assert.equal(await waitUntilFree(folder, claim({ wait: true })), null);
    await using next = (await RunOwner.create(folder))!;
    assert.deepEqual([sleeping.attempt, next.attempt], [1, 2]);
  }));

Deno.test("an owner learns at its next count that it was taken over", () =>
  withTemporaryFolder(async (folder) => {
    await using owner = (await RunOwner.create(folder, 0.02))!;
    const lost = Promise.withResolvers<unknown>();
    owner.lost.addEventListener("abort", () => lost.resolve(owner.lost.reason));
    await ownerElsewhere(folder, 2);
    assert.match(String(await lost.promise), /another program took the run over/);
  }));

Deno.test("waiting ends with the signal, and a torn or strange owner's file is waited for, not believed", () =>
  withTemporaryFolder(async (folder) => {
    await ownerElsewhere(folder, 1);
    for (const text of ["", "{", "[]", '{"owner":', "\u0000\u0000"]) {
      await Deno.writeTextFile(join(folder, "attempt-1/owner.json"), text);
      assert.equal((await findHolder(folder))?.host, null);
    }
    const stop = AbortSignal.timeout(50);
    await assert.rejects(waitUntilFree(folder, claim({ signal: stop, leaseSeconds: 60 })), (error) => {
      return error === stop.reason;
    });
  }));
