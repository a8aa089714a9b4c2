/** Reads a tar archive (POSIX ustar, IEEE Std 1003.1) as a stream: no more than a block and what the source gives at once is
 *  in memory. Of our own: the well-kept package (modern-tar) would do, yet every user would install it for one command, and
 *  bounds and lines about faults would still be ours to add. A name never becomes a path. @module */

const BLOCK = 512;

/** Most bytes that members may state together, so that a forged archive cannot keep the reader busy without an end. */
const LIMIT_BYTES = 2 ** 30;

/** One regular file of an archive. Its body must be read, or is skipped when the next member is asked for. */
export interface TarMember {
  /** As the archive has it: text from elsewhere, never to be used as a path. */
  readonly name: string;
  readonly bytes: number;
  /** At most once. */
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * The regular files of an archive in order; folders, links and everything else are passed over.
 *
 * @throws {SyntaxError} When a header is damaged, the members are too large or the archive is cut off, with the reason as a
 * clause: "it is cut off".
 */
export async function* tarMembers(source: AsyncIterable<Uint8Array>): AsyncGenerator<TarMember, void, undefined> {
  const input = new Pieces(source);
  let stated = 0;
  try {
    for (;;) {
      const header = await input.exactly(BLOCK);
      if (header.every((byte) => byte === 0)) return;
      const { name, bytes, isFile } = readHeader(header);
      stated += bytes;
      if (stated > LIMIT_BYTES) throw new SyntaxError(`it states more than ${LIMIT_BYTES} bytes`);
      const body = input.upTo(bytes);
      if (isFile) yield { name, bytes, body };
      for await (const _rest of body); // what the caller left
      for await (const _padding of input.upTo((BLOCK - bytes % BLOCK) % BLOCK));
    }
  } finally {
    await input.close();
  }
}

function readHeader(header: Uint8Array): { name: string; bytes: number; isFile: boolean } {
  const text = (from: number, length: number): string => {
    const field = header.subarray(from, from + length), end = field.indexOf(0);
    return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end)).trim();
  };
  const octal = (from: number, length: number): number => {
    const digits = text(from, length);
    return /^[0-7]+$/.test(digits) ? parseInt(digits, 8) : NaN;
  };
  // the sum counts its own eight bytes as spaces
  const sum = header.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
  if (octal(148, 8) !== sum) throw new SyntaxError("a header is damaged, or it is no tar archive");
  const bytes = octal(124, 12), kind = header[156];
  if (!Number.isSafeInteger(bytes)) throw new SyntaxError("a header gives no size that can be read");
  const prefix = text(257, 5) === "ustar" ? text(345, 155) : "";
  return { name: prefix === "" ? text(0, 100) : `${prefix}/${text(0, 100)}`, bytes, isFile: kind === 0 || kind === 48 };
}

/** A stream of bytes, taken in pieces of chosen length. */
class Pieces {
  #source: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The next `count` bytes in what pieces they come; what was not read is read when this is iterated again. */
  upTo(count: number): AsyncIterableIterator<Uint8Array> {
    let left = count;
    const next = async (): Promise<IteratorResult<Uint8Array>> => {
      if (left === 0) return { done: true, value: undefined };
      while (this.#rest.length === 0) await this.#more();
      const piece = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(piece.length);
      left -= piece.length;
      return { done: false, value: piece };
    };
    const iterator: AsyncIterableIterator<Uint8Array> = { next, [Symbol.asyncIterator]: () => iterator };
    return iterator;
  }

  async exactly(count: number): Promise<Uint8Array> {
    const whole = new Uint8Array(count);
    let at = 0;
    for await (const piece of this.upTo(count)) {
      whole.set(piece, at);
      at += piece.length;
    }
    return whole;
  }

  async close(): Promise<void> {
    await this.#source.return?.();
  }

  async #more(): Promise<void> {
    const { value, done } = await this.#source.next();
    if (done) throw new SyntaxError("it is cut off");
    this.#rest = value;
  }
}
