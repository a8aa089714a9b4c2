/** What the file system says, in one line that names the file and what to do. @module */

/**
 * Runs work that writes below `path`.
 *
 * @throws {Error} "Cannot write PATH: why; what to do", whatever the file system said.
 */
export async function explainWrite<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw writeFailure(path, error);
  }
}

/** The error to throw where writing `path` failed. */
export function writeFailure(path: string, error: unknown): Error {
  return new Error(`Cannot write ${path}: ${reasonOf(error)}`, { cause: error });
}

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (/os error 28|ENOSPC/.test(message)) return "no space left on the disk; make room and run the command again";
  if (error instanceof Deno.errors.NotCapable) return `this program was not given the permission: ${message}`;
  if (error instanceof Deno.errors.PermissionDenied) return "no permission; choose another folder or change its rights";
  if (error instanceof Deno.errors.NotFound) return "its folder is gone; run the command again";
  return message;
}
