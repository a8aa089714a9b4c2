/** A mistake in what the user asked for, as opposed to work that failed: the command line ends with 2 instead of 1.
 *  @module */
export class UsageError extends Error {
  override name = "UsageError";

  /** Turns an error that a room threw about an option into a usage error that says where the option came from. */
  static from(error: unknown, origin: string): UsageError {
    const message = error instanceof Error ? error.message : String(error);
    return new UsageError(`${message} (from ${origin})`, { cause: error });
  }
}

/** Turns what a room says of its input into wrong usage. @param origin Where the input came from: "--attack". */
export function asUsage<T>(origin: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw UsageError.from(error, origin);
  }
}
