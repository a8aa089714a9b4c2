/** Where unfinished work of the setup lies. @module */

import { basename, dirname } from "node:path";

/** After this long what a killed setup left behind is removed; no setup takes as long. */
const STALE_MILLISECONDS = 24 * 60 * 60 * 1000;

/** Calls `work` with an empty folder beside `path` that no other process uses, and removes the folder when `work` ends. */
export async function inPartialFolder<T>(path: string, work: (folder: string) => Promise<T>): Promise<T> {
  const parent = dirname(path), prefix = `${basename(path)}.partial-`;
  await removeStale(parent, prefix);
  const folder = await Deno.makeTempDir({ dir: parent, prefix });
  try {
    return await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true }).catch(() => {});
  }
}

/** Another setup may do the same at the same time, so that nothing here may fail. */
async function removeStale(parent: string, prefix: string): Promise<void> {
  for await (const { name } of Deno.readDir(parent)) {
    if (!name.startsWith(prefix)) continue;
    const path = `${parent}/${name}`;
    const changed = await Deno.lstat(path).then(({ mtime }) => mtime?.getTime(), () => undefined);
    if (changed === undefined || Date.now() - changed < STALE_MILLISECONDS) continue;
    await Deno.remove(path, { recursive: true }).catch(() => {});
  }
}
