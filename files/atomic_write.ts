/** Files that are whole or absent: written under another name in the same folder, synced, then renamed. @module */

/**
 * Writes `content` to `path`, replacing what is there only once all bytes are on the disk; on any failure the new file
 * is removed and the old one is untouched.
 *
 * @throws {Error} What the file system says, such as a full disk, a missing folder or a missing permission.
 */
export async function atomicWrite(path: string, content: Uint8Array | string): Promise<void> {
  const partial = `${path}.${crypto.randomUUID().slice(0, 8)}.partial`;
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  try {
    const file = await Deno.open(partial, { write: true, createNew: true });
    try {
      for (let written = 0; written < bytes.length;) written += await file.write(bytes.subarray(written));
      await file.sync();
    } finally {
      file.close();
    }
    await Deno.rename(partial, path);
  } catch (error) {
    await Deno.remove(partial).catch(() => {});
    throw error;
  }
}
