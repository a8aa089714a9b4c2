/** What a replayed case is: from a manifest's tensors and hyper-parameters to computed quantities. @module */

import type { Engine } from "../backends/engine.ts";
import type { StoredTensor } from "../models/safetensors.ts";
import type { Manifest } from "./manifest.ts";
import type { Tolerance } from "./tolerances.ts";

/** Labelled images as their publisher stores them. */
export interface TestImages {
  /** `[height, width, channels]` of one image. */
  readonly shape: readonly [number, number, number];
  /** Pixels 0..255, `[count, height, width, channels]` row-major. */
  readonly images: Uint8Array;
  /** Class of each image, `[count]`. */
  readonly labels: Uint8Array;
}

/** What a manifest and the files that it names hold. */
export interface CaseInput {
  readonly manifest: Manifest;
  /** Whether the manifest lists a tensor of this name. */
  has(name: string): boolean;
  /** A tensor that the replay starts from. @throws {TypeError} When the manifest lists no such tensor. */
  input(name: string): StoredTensor;
  /** Tensors of the file that the manifest's `weights` names. @throws {Error} When it names none, or it cannot be read. */
  weights(): Promise<ReadonlyMap<string, StoredTensor>>;
  /** Tensors of the first case of this kind in the folder, or undefined where there is none. */
  sibling(kind: string): Promise<ReadonlyMap<string, StoredTensor> | undefined>;
  /** MNIST's test images, or undefined where they are not on this machine. */
  mnistTest(): Promise<TestImages | undefined>;
}

/** A quantity as this program computes it. */
export interface Computed {
  /** "paper", "official", …, or "-" where a case has one way only. */
  readonly variant: string;
  /**
   * Name of the manifest's tensor, without "@" and what follows. Where the manifest lists none, nothing is compared, so
   * a replay may offer more than a manifest asks for.
   */
  readonly tensor: string;
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
  readonly tolerance: Tolerance;
}

/** A quantity that is no tensor of the manifest. */
export interface Fact {
  readonly variant: string;
  readonly quantity: string;
  readonly actual: number;
  readonly expected: number;
  /** How far apart they may be. @default {0} */
  readonly tolerance?: number;
}

/** A quantity that is no tensor of the manifest and was not computed this time. */
export interface Skipped {
  readonly variant: string;
  readonly quantity: string;
  readonly reason: string;
}

/** Tensors of the manifest that this program deliberately does not compute. */
export interface Unsupported {
  readonly variant: string;
  readonly tensors: (name: string) => boolean;
  readonly reason: string;
}

export type Replayed = Computed | Fact | Skipped | Unsupported;

/** One kind of case. */
export interface ParityCase {
  /** The manifest's `case`. */
  readonly kind: string;
  /** Computes the case's quantities. @throws {Error} When the manifest or a file cannot be used. */
  replay(input: CaseInput, engine: Engine): AsyncGenerator<Replayed, void, void>;
}
