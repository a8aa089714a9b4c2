/** TensorFlow operations by name, on tensors of tfjs's "tensorflow" backend. What is returned belongs to tfjs's current
 *  tidy, as any tensor. @module */

import * as tf from "@tensorflow/tfjs";

/** One attribute of an operation, as the binding takes it. */
export interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** The part of the package's binding that is used here: numbers of TensorFlow's enumerations. */
interface Binding {
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_FLOAT: number;
  readonly TF_INT32: number;
}

/** The part of the package's backend that is used here. */
export interface TensorflowBackend {
  readonly binding: Binding;
  executeSingleOutput(name: string, attributes: Attribute[], inputs: tf.TensorInfo[]): tf.Tensor;
  executeMultipleOutputs(name: string, attributes: Attribute[], inputs: tf.TensorInfo[], count: number): tf.Tensor[];
}

/** Runs operations and writes their attributes. */
export class Operations {
  readonly #backend: TensorflowBackend;
  /** T = float32, which nearly every operation takes. */
  readonly float32: Attribute;
  /** An empty tensor, for an input that is left out; never disposed. */
  readonly nothing: tf.Tensor;

  /** The backend must be tfjs's active one. */
  constructor(backend: TensorflowBackend) {
    this.#backend = backend;
    this.float32 = this.type("T", "float32");
    this.nothing = tf.keep(tf.tensor1d([]));
  }

  one<T extends tf.Tensor>(name: string, attributes: Attribute[], inputs: tf.TensorInfo[]): T {
    return this.#backend.executeSingleOutput(name, attributes, inputs) as T;
  }

  several(name: string, attributes: Attribute[], inputs: tf.TensorInfo[], count: number): tf.Tensor[] {
    return this.#backend.executeMultipleOutputs(name, attributes, inputs, count);
  }

  type(name: string, dtype: "float32" | "int32"): Attribute {
    const { TF_ATTR_TYPE, TF_FLOAT, TF_INT32 } = this.#backend.binding;
    return { name, type: TF_ATTR_TYPE, value: dtype === "float32" ? TF_FLOAT : TF_INT32 };
  }

  /** A whole number or a list of them. */
  integer(name: string, value: number | readonly number[]): Attribute {
    return { name, type: this.#backend.binding.TF_ATTR_INT, value };
  }

  float(name: string, value: number): Attribute {
    return { name, type: this.#backend.binding.TF_ATTR_FLOAT, value };
  }

  boolean(name: string, value: boolean): Attribute {
    return { name, type: this.#backend.binding.TF_ATTR_BOOL, value };
  }

  text(name: string, value: string): Attribute {
    return { name, type: this.#backend.binding.TF_ATTR_STRING, value };
  }
}
