// What the module exports. Every kernel works in place on tfjs's heap: pointers are byte addresses of float32 tensors.
export { reluGradient } from "./relu";
