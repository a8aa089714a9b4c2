// Normalisation as operations.
#include "normalization.h"

#include <cmath>

#include "operation.h"

namespace yopo {
namespace {

// A kernel with the attributes of a normalisation, and its x as rows of channels.
class NormalizationKernel : public OpKernel {
 public:
  explicit NormalizationKernel(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("epsilon", &epsilon_));
    OP_REQUIRES_OK(context, context->GetAttr("relu", &relu_));
  }

 protected:
  struct Rows {
    explicit Rows(const Tensor& x)
        : channels(x.dim_size(x.dims() - 1)), count(x.NumElements() / at_least_one(channels)),
          block(at_least_one(kLeastNumbers / at_least_one(channels))) {}
    int channels;
    int64_t count, block;
  };

  // 1/√(variance + ε) of each channel.
  std::vector<float> reciprocals(const float* variance, int channels) const {
    std::vector<float> result(channels);
    for (int i = 0; i < channels; i++) result[i] = 1.0 / std::sqrt(double(variance[i]) + epsilon_);
    return result;
  }

  static std::vector<float> factors(const float* scale, const std::vector<float>& reciprocals) {
    std::vector<float> result(reciprocals);
    for (size_t i = 0; i < result.size(); i++) result[i] *= scale[i];
    return result;
  }

  Normalization layer(const float* mean, const std::vector<float>& factor, const Tensor& offset) const {
    return {mean, factor.data(), floats(offset), int(factor.size()), relu_};
  }

  // Whether there is one number a channel in each of the inputs from the first on; the context's status says so if not.
  static bool check(OpKernelContext* context, int first, int channels) {
    for (int i = first; i < context->num_inputs(); i++) {
      if (context->input(i).NumElements() == channels) continue;
      context->CtxFailure(tensorflow::errors::InvalidArgument("input ", i, " needs one number a channel, ", channels));
      return false;
    }
    return true;
  }

  static void normalize_all(OpKernelContext* context, const Normalization& layer, const Tensor& x, float* y) {
    const Rows rows(x);
    share_out(context, rows.count, rows.block, [&](int64_t first, int64_t end) {
      normalize(layer, floats(x) + first * rows.channels, end - first, y + first * rows.channels);
    });
  }

  // Σ dy, then Σ dy·(x − mean), where ReLU passes dy.
  static std::vector<float> gradient_sums(OpKernelContext* context, const Normalization& layer, const Tensor& dy,
                                          const Tensor& x) {
    const Rows rows(x);
    std::vector<float> sums(2 * rows.channels);
    sum_in_blocks(context, rows.count, rows.block, sums.size(), [&](int64_t first, int64_t end, float* to) {
      const int64_t at = first * rows.channels;
      add_normalization_sums(layer, floats(dy) + at, floats(x) + at, end - first, to, to + rows.channels);
    }, sums.data());
    return sums;
  }

 private:
  float epsilon_;
  bool relu_;
};

class TrainingKernel : public NormalizationKernel {
 public:
  using NormalizationKernel::NormalizationKernel;
  void Compute(OpKernelContext* context) override {
    const Tensor &x = context->input(0), &scale = context->input(1), &offset = context->input(2);
    const int channels = Rows(x).channels;
    if (!check(context, 1, channels)) return;
    float* y = output(context, 0, x.shape());
    float* mean = output(context, 1, {channels});
    float* variance = output(context, 2, {channels});
    if (y == nullptr || mean == nullptr || variance == nullptr) return;
    whole_moments(context, x, mean, variance);
    const std::vector<float> factor = factors(floats(scale), reciprocals(variance, channels));
    normalize_all(context, layer(mean, factor, offset), x, y);
  }

 private:
  // Blocks of a fixed size have moments of their own, from memory that is still near; they are put together in order
  // (Chan, Golub and LeVeque 1983).
  static void whole_moments(OpKernelContext* context, const Tensor& x, float* mean, float* variance) {
    const Rows rows(x);
    const int64_t blocks = (rows.count + rows.block - 1) / rows.block, channels = rows.channels;
    std::vector<float> parts(2 * blocks * channels);
    const auto size = [&](int64_t i) { return std::min(rows.block, rows.count - i * rows.block); };
    share_out(context, blocks, 1, [&](int64_t first, int64_t end) {
      for (int64_t i = first; i < end; i++) {
        float* part = parts.data() + 2 * i * channels;
        moments(floats(x) + i * rows.block * channels, size(i), channels, part, part + channels);
      }
    });
    std::vector<double> sums(channels), squares(channels);
    for (int64_t i = 0; i < blocks; i++) {
      for (int64_t j = 0; j < channels; j++) sums[j] += double(size(i)) * parts[2 * i * channels + j];
    }
    for (int64_t j = 0; j < channels; j++) mean[j] = sums[j] / rows.count;
    for (int64_t i = 0; i < blocks; i++) {
      for (int64_t j = 0; j < channels; j++) {
        const double distance = parts[2 * i * channels + j] - sums[j] / rows.count;
        squares[j] += parts[(2 * i + 1) * channels + j] + size(i) * distance * distance;
      }
    }
    for (int64_t j = 0; j < channels; j++) variance[j] = squares[j] / rows.count;
  }
};

class TrainingGradientKernel : public NormalizationKernel {
 public:
  using NormalizationKernel::NormalizationKernel;
  void Compute(OpKernelContext* context) override {
    const Tensor &dy = context->input(0), &x = context->input(1), &scale = context->input(2), &offset = context->input(3),
                 &mean = context->input(4), &variance = context->input(5);
    const Rows rows(x);
    const int channels = rows.channels;
    if (!check(context, 2, channels)) return;
    float* dx = output(context, 0, x.shape());
    float* dscale = output(context, 1, {channels});
    float* doffset = output(context, 2, {channels});
    if (dx == nullptr || dscale == nullptr || doffset == nullptr) return;
    const std::vector<float> reciprocal = reciprocals(floats(variance), channels);
    const std::vector<float> factor = factors(floats(scale), reciprocal);
    const Normalization layer = this->layer(floats(mean), factor, offset);
    const std::vector<float> sums = gradient_sums(context, layer, dy, x);
    std::vector<float> shift(channels), slope(channels);
    for (int i = 0; i < channels; i++) {
      doffset[i] = sums[i];
      dscale[i] = sums[channels + i] * reciprocal[i];
      shift[i] = sums[i] / rows.count;
      slope[i] = dscale[i] * reciprocal[i] / rows.count;
    }
    share_out(context, rows.count, rows.block, [&](int64_t first, int64_t end) {
      const int64_t at = first * channels;
      normalization_gradient(layer, floats(dy) + at, floats(x) + at, shift.data(), slope.data(), end - first, dx + at);
    });
  }
};

class FixedKernel : public NormalizationKernel {
 public:
  using NormalizationKernel::NormalizationKernel;
  void Compute(OpKernelContext* context) override {
    const Tensor &x = context->input(0), &scale = context->input(1), &offset = context->input(2), &mean = context->input(3),
                 &variance = context->input(4);
    const int channels = Rows(x).channels;
    if (!check(context, 1, channels)) return;
    float* y = output(context, 0, x.shape());
    if (y == nullptr) return;
    const std::vector<float> factor = factors(floats(scale), reciprocals(floats(variance), channels));
    normalize_all(context, layer(floats(mean), factor, offset), x, y);
  }
};

class FixedGradientKernel : public NormalizationKernel {
 public:
  using NormalizationKernel::NormalizationKernel;
  void Compute(OpKernelContext* context) override {
    const Tensor &dy = context->input(0), &x = context->input(1), &scale = context->input(2), &offset = context->input(3),
                 &mean = context->input(4), &variance = context->input(5);
    const Rows rows(x);
    if (!check(context, 2, rows.channels)) return;
    float* dx = output(context, 0, x.shape());
    if (dx == nullptr) return;
    const std::vector<float> factor = factors(floats(scale), reciprocals(floats(variance), rows.channels));
    const Normalization layer = this->layer(floats(mean), factor, offset);
    share_out(context, rows.count, rows.block, [&](int64_t first, int64_t end) {
      const int64_t at = first * rows.channels;
      fixed_normalization_gradient(layer, floats(dy) + at, floats(x) + at, end - first, dx + at);
    });
  }
};

class FixedParameterGradientsKernel : public NormalizationKernel {
 public:
  using NormalizationKernel::NormalizationKernel;
  void Compute(OpKernelContext* context) override {
    const Tensor &dy = context->input(0), &x = context->input(1), &scale = context->input(2), &offset = context->input(3),
                 &mean = context->input(4), &variance = context->input(5);
    const int channels = Rows(x).channels;
    if (!check(context, 2, channels)) return;
    float* dscale = output(context, 0, {channels});
    float* doffset = output(context, 1, {channels});
    if (dscale == nullptr || doffset == nullptr) return;
    const std::vector<float> reciprocal = reciprocals(floats(variance), channels);
    const std::vector<float> factor = factors(floats(scale), reciprocal);
    const std::vector<float> sums = gradient_sums(context, layer(floats(mean), factor, offset), dy, x);
    for (int i = 0; i < channels; i++) {
      doffset[i] = sums[i];
      dscale[i] = sums[channels + i] * reciprocal[i];
    }
  }
};

}  // namespace

#define YOPO_NORMALIZATION_ATTRIBUTES Attr("epsilon: float").Attr("relu: bool")

REGISTER_OP("YopoBatchNormalization").Input("x: float").Input("scale: float").Input("offset: float").Output("y: float")
    .Output("mean: float").Output("variance: float").YOPO_NORMALIZATION_ATTRIBUTES.SetShapeFn(no_shapes);
REGISTER_OP("YopoBatchNormalizationGradient").Input("dy: float").Input("x: float").Input("scale: float")
    .Input("offset: float").Input("mean: float").Input("variance: float").Output("dx: float").Output("dscale: float")
    .Output("doffset: float").YOPO_NORMALIZATION_ATTRIBUTES.SetShapeFn(no_shapes);
REGISTER_OP("YopoNormalization").Input("x: float").Input("scale: float").Input("offset: float").Input("mean: float")
    .Input("variance: float").Output("y: float").YOPO_NORMALIZATION_ATTRIBUTES.SetShapeFn(no_shapes);
REGISTER_OP("YopoNormalizationGradient").Input("dy: float").Input("x: float").Input("scale: float").Input("offset: float")
    .Input("mean: float").Input("variance: float").Output("dx: float").YOPO_NORMALIZATION_ATTRIBUTES.SetShapeFn(no_shapes);
REGISTER_OP("YopoNormalizationParameterGradients").Input("dy: float").Input("x: float").Input("scale: float")
    .Input("offset: float").Input("mean: float").Input("variance: float").Output("dscale: float").Output("doffset: float")
    .YOPO_NORMALIZATION_ATTRIBUTES.SetShapeFn(no_shapes);

YOPO_REGISTER("YopoBatchNormalization", TrainingKernel);
YOPO_REGISTER("YopoBatchNormalizationGradient", TrainingGradientKernel);
YOPO_REGISTER("YopoNormalization", FixedKernel);
YOPO_REGISTER("YopoNormalizationGradient", FixedGradientKernel);
YOPO_REGISTER("YopoNormalizationParameterGradients", FixedParameterGradientsKernel);

}  // namespace yopo
