import assert from "node:assert/strict";
import { scaleText, titleWithScale } from "./scale_text.ts";

Deno.test("scaleText() names what was changed and nothing at full scale", () => {
  assert.equal(scaleText({ scaled: { epochs: 0.05, data: 0.2 } }), "epochs × 0.05, training images × 0.2");
  assert.equal(scaleText({ scaled: { epochs: 1, data: 0.2 } }), "training images × 0.2");
  assert.equal(scaleText({ scaled: { epochs: 0.5, data: 1 } }), "epochs × 0.5");
  for (const scaled of [null, undefined, { epochs: 1, data: 1 }]) {
    assert.equal(scaleText(scaled === undefined ? {} : { scaled }), null);
  }
});

Deno.test("titleWithScale() says it once", () => {
  const scaled = { epochs: 0.05, data: 0.2 };
  const title = "Table 1 (epochs × 0.05, training images × 0.2)";
  assert.equal(titleWithScale({ title: "Table 1", scaled }), title);
  assert.equal(titleWithScale({ title, scaled }), title);
  assert.equal(titleWithScale({ title: "Table 1", scaled: null }), "Table 1");
});
