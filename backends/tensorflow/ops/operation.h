// What our kernels need of TensorFlow to be operations for its CPU, on its own threads. Numbers that change from step to step
// are a small tensor and not attributes: TensorFlow keeps a kernel for every set of attributes that it has seen.
#pragma once

#include <algorithm>
#include <functional>
#include <vector>

#include "tensorflow/core/framework/common_shape_fns.h"
#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/op_kernel.h"
#include "tensorflow/core/platform/threadpool.h"

namespace yopo {

using tensorflow::DEVICE_CPU;
using tensorflow::OpKernel;
using tensorflow::OpKernelConstruction;
using tensorflow::OpKernelContext;
using tensorflow::Tensor;
using tensorflow::TensorShape;
using tensorflow::thread::ThreadPool;

inline const float* floats(const Tensor& tensor) { return tensor.flat<float>().data(); }

// The tensor's numbers, or null where it is empty: an input that is left out.
inline const float* floats_or_null(const Tensor& tensor) { return tensor.NumElements() == 0 ? nullptr : floats(tensor); }

// Makes an output; null, and the context's status says why, where there is no memory.
inline float* output(OpKernelContext* context, int index, const TensorShape& shape) {
  Tensor* tensor = nullptr;
  const auto status = context->allocate_output(index, shape, &tensor);
  if (!status.ok()) {
    context->CtxFailure(status);
    return nullptr;
  }
  return tensor->flat<float>().data();
}

typedef std::function<void(int64_t first, int64_t end)> Range;

// Shares [0, count) out to the threads in blocks of at least `least`, a few a thread.
inline void share_out(OpKernelContext* context, int64_t count, int64_t least, const Range& work) {
  ThreadPool* pool = context->device()->tensorflow_cpu_worker_threads()->workers;
  const int64_t blocks = 4 * pool->NumThreads();
  const int64_t block = std::max(least, (count + blocks - 1) / blocks);
  if (count <= block) return work(0, count);
  pool->ParallelFor(count, ThreadPool::SchedulingParams(ThreadPool::SchedulingStrategy::kFixedBlockSize, {}, block), work);
}

// Numbers that one thread works through before sharing pays.
constexpr int64_t kLeastNumbers = 32768;

inline int64_t at_least_one(int64_t count) { return std::max<int64_t>(1, count); }

// Sums over [0, count) that do not depend on the threads: blocks of a fixed size have sums of their own, added in order.
typedef std::function<void(int64_t first, int64_t end, float* sums)> Summand;

inline void sum_in_blocks(OpKernelContext* context, int64_t count, int64_t block, int64_t size, const Summand& add, float* to) {
  const int64_t blocks = (count + block - 1) / block;
  std::fill(to, to + size, 0.0f);
  if (blocks <= 1) return add(0, count, to);
  std::vector<float> sums(blocks * size);
  share_out(context, blocks, 1, [&](int64_t first, int64_t end) {
    for (int64_t i = first; i < end; i++) add(i * block, std::min(count, (i + 1) * block), sums.data() + i * size);
  });
  share_out(context, size, kLeastNumbers / blocks, [&](int64_t first, int64_t end) {
    for (int64_t i = 0; i < blocks; i++) {
      for (int64_t j = first; j < end; j++) to[j] += sums[i * size + j];
    }
  });
}

// The shapes of results are known when they are computed.
const auto no_shapes = tensorflow::shape_inference::UnknownShape;

}  // namespace yopo

#define YOPO_REGISTER(name, kernel) REGISTER_KERNEL_BUILDER(Name(name).Device(DEVICE_CPU), kernel)
