import assert from "node:assert/strict";
import { DataFileError, explainFileError } from "./data_file_error.ts";

function withCode(code: string, message = "something (os error 1)"): Error {
  return Object.assign(new Error(message), { code });
}

const path = "/cache/mnist/a.gz";
const cases: readonly [Error, string, string][] = [
  [
    withCode("EACCES"),
    "not permitted",
    "the file system does not permit it; change the file's or folder's permissions",
  ],
  [withCode("EROFS"), "not permitted", "the file system is read-only; choose another folder"],
  [withCode("ENOSPC"), "disk", "the disk is full; free some space and try again"],
  [withCode("EDQUOT"), "disk", "the disk quota is used up; free some space and try again"],
  [withCode("EIO", "Input/output error\nat x"), "disk", "Input/output error"],
  [new Deno.errors.NotFound("x"), "missing", "its folder does not exist"],
  [
    new Deno.errors.NotCapable(`Requires write access to "${path}", run again with the --allow-write flag`),
    "not permitted",
    "Deno was not given access to its folder; add --allow-write=/cache/mnist",
  ],
  [
    // renaming needs to read as well
    new Deno.errors.NotCapable(`Requires read access to "${path}", run again with the --allow-read flag`),
    "not permitted",
    "Deno was not given access to its folder; add --allow-read=/cache/mnist",
  ],
];
for (const [error, problem, reason] of cases) {
  Deno.test(`explainFileError() says "${reason}"`, () => {
    const explained = explainFileError(error, { action: "write", path });
    assert.equal(explained.message, `Cannot write "${path}": ${reason}`);
    assert.equal(explained.problem, problem);
    assert.equal(explained.cause, error);
  });
}

Deno.test("explainFileError() gives the advice for a missing file and passes its own errors unchanged", () => {
  const explained = explainFileError(new Deno.errors.NotFound("x"), { action: "read", path, advice: "get it" });
  assert.equal(explained.message, `Cannot read "${path}": there is no such file; get it`);
  const own = new DataFileError("disk", "Cannot");
  assert.equal(explainFileError(own, { action: "read", path }), own);
});
