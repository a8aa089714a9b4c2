// Pooling, activations, the loss and steps as operations.
#include "elementwise.h"
#include "max_pool.h"
#include "operation.h"

namespace yopo {

namespace {

class MaxPoolKernel : public OpKernel {
 public:
  using OpKernel::OpKernel;
  void Compute(OpKernelContext* context) override {
    const Tensor& x = context->input(0);
    const MaxPool layer = {int(x.dim_size(1)), int(x.dim_size(2)), int(x.dim_size(3))};
    float* y = output(context, 0, {x.dim_size(0), layer.height / 2, layer.width / 2, layer.channels});
    if (y == nullptr) return;
    share_out(context, x.dim_size(0), at_least_one(kLeastNumbers / at_least_one(layer.image_size())),
              [&](int64_t first, int64_t end) {
                for (int64_t i = first; i < end; i++) {
                  max_pool(layer, floats(x) + i * layer.image_size(), y + i * layer.out_size());
                }
              });
  }
};

class MaxPoolGradientKernel : public OpKernel {
 public:
  using OpKernel::OpKernel;
  void Compute(OpKernelContext* context) override {
    const Tensor &dy = context->input(0), &x = context->input(1);
    const MaxPool layer = {int(x.dim_size(1)), int(x.dim_size(2)), int(x.dim_size(3))};
    float* dx = output(context, 0, x.shape());
    if (dx == nullptr) return;
    share_out(context, x.dim_size(0), at_least_one(kLeastNumbers / at_least_one(layer.image_size())),
              [&](int64_t first, int64_t end) {
                for (int64_t i = first; i < end; i++) {
                  max_pool_gradient(layer, floats(dy) + i * layer.out_size(), floats(x) + i * layer.image_size(),
                                    dx + i * layer.image_size());
                }
              });
  }
};

// Overwrites its input, which its caller gives up, and returns it: a new tensor of that size costs page faults.
class BiasActivationKernel : public OpKernel {
 public:
  explicit BiasActivationKernel(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("relu", &relu_));
  }
  void Compute(OpKernelContext* context) override {
    Tensor values = context->input(0);
    const Tensor& bias = context->input(1);
    const int channels = values.dim_size(values.dims() - 1);
    float* data = values.flat<float>().data();
    share_out(context, values.NumElements() / at_least_one(channels), at_least_one(kLeastNumbers / at_least_one(channels)),
              [&](int64_t first, int64_t end) {
                bias_activation(data + first * channels, floats_or_null(bias), relu_, end - first, channels);
              });
    context->set_output(0, values);
  }

 private:
  bool relu_;
};

class PassPositiveKernel : public OpKernel {
 public:
  using OpKernel::OpKernel;
  void Compute(OpKernelContext* context) override {
    const Tensor &dy = context->input(0), &y = context->input(1);
    float* passed = output(context, 0, dy.shape());
    if (passed == nullptr) return;
    share_out(context, dy.NumElements(), kLeastNumbers, [&](int64_t first, int64_t end) {
      pass_positive(floats(dy) + first, floats(y) + first, end - first, passed + first);
    });
  }
};

class BiasGradientKernel : public OpKernel {
 public:
  using OpKernel::OpKernel;
  void Compute(OpKernelContext* context) override {
    const Tensor& dy = context->input(0);
    const int channels = dy.dim_size(dy.dims() - 1);
    float* sums = output(context, 0, {channels});
    if (sums == nullptr) return;
    const int64_t rows = dy.NumElements() / at_least_one(channels);
    sum_in_blocks(context, rows, at_least_one(kLeastNumbers / at_least_one(channels)), channels,
                  [&](int64_t first, int64_t end, float* sums) {
                    add_rows(floats(dy) + first * channels, end - first, channels, sums);
                  }, sums);
  }
};

class CrossEntropyKernel : public OpKernel {
 public:
  using OpKernel::OpKernel;
  void Compute(OpKernelContext* context) override {
    const Tensor &logits = context->input(0), &labels = context->input(1);
    const int64_t rows = logits.dim_size(0);
    const int classes = logits.dim_size(1);
    const int* chosen = labels.flat<int>().data();
    for (int64_t i = 0; i < rows; i++) {
      OP_REQUIRES(context, chosen[i] >= 0 && chosen[i] < classes,
                  tensorflow::errors::InvalidArgument("label ", chosen[i], " is not one of ", classes, " classes"));
    }
    float* losses = output(context, 0, {rows});
    float* residuals = output(context, 1, logits.shape());
    if (losses == nullptr || residuals == nullptr) return;
    cross_entropy(floats(logits), chosen, rows, classes, losses, residuals);
  }
};

class LinfStepKernel : public OpKernel {
 public:
  using OpKernel::OpKernel;
  void Compute(OpKernelContext* context) override {
    const Tensor &x = context->input(0), &eta = context->input(1), &gradient = context->input(2);
    const float* numbers = floats(context->input(3));
    float* moved = output(context, 0, x.shape());
    if (moved == nullptr) return;
    share_out(context, x.NumElements(), kLeastNumbers, [&](int64_t first, int64_t end) {
      linf_step(floats(x) + first, floats(eta) + first, floats(gradient) + first, numbers[0], numbers[1], end - first,
                moved + first);
    });
  }
};

const float* from(const float* values, int64_t first) { return values == nullptr ? nullptr : values + first; }

class SgdStepKernel : public OpKernel {
 public:
  using OpKernel::OpKernel;
  void Compute(OpKernelContext* context) override {
    const Tensor &weight = context->input(0), &gradient = context->input(1), &velocity = context->input(2);
    const float* numbers = floats(context->input(3));
    const SgdStep step = {numbers[0], numbers[1], numbers[2]};
    float* new_weight = output(context, 0, weight.shape());
    float* new_velocity = output(context, 1, weight.shape());
    if (new_weight == nullptr || new_velocity == nullptr) return;
    share_out(context, weight.NumElements(), kLeastNumbers, [&](int64_t first, int64_t end) {
      sgd_step(step, floats(weight) + first, floats(gradient) + first, from(floats_or_null(velocity), first), end - first,
               new_weight + first, new_velocity + first);
    });
  }
};

class AdamStepKernel : public OpKernel {
 public:
  using OpKernel::OpKernel;
  void Compute(OpKernelContext* context) override {
    const Tensor &weight = context->input(0), &gradient = context->input(1), &mean = context->input(2),
                 &square = context->input(3);
    const float* numbers = floats(context->input(4));
    const AdamStep step = {numbers[0], numbers[1], numbers[2]};
    float* outputs[3];
    for (int i = 0; i < 3; i++) {
      outputs[i] = output(context, i, weight.shape());
      if (outputs[i] == nullptr) return;
    }
    share_out(context, weight.NumElements(), kLeastNumbers, [&](int64_t first, int64_t end) {
      adam_step(step, floats(weight) + first, floats(gradient) + first, from(floats_or_null(mean), first),
                from(floats_or_null(square), first), end - first, outputs[0] + first, outputs[1] + first,
                outputs[2] + first);
    });
  }
};

}  // namespace

REGISTER_OP("YopoMaxPool").Input("x: float").Output("y: float").SetShapeFn(no_shapes);
REGISTER_OP("YopoMaxPoolGradient").Input("dy: float").Input("x: float").Output("dx: float").SetShapeFn(no_shapes);
REGISTER_OP("YopoBiasActivation").Input("values: float").Input("bias: float").Output("result: float").Attr("relu: bool")
    .SetShapeFn(no_shapes);
REGISTER_OP("YopoPassPositive").Input("dy: float").Input("y: float").Output("passed: float").SetShapeFn(no_shapes);
REGISTER_OP("YopoBiasGradient").Input("dy: float").Output("sums: float").SetShapeFn(no_shapes);
REGISTER_OP("YopoCrossEntropy").Input("logits: float").Input("labels: int32").Output("losses: float")
    .Output("residuals: float").SetShapeFn(no_shapes);
REGISTER_OP("YopoLinfStep").Input("x: float").Input("eta: float").Input("gradient: float").Input("numbers: float")
    .Output("moved: float").SetShapeFn(no_shapes);
REGISTER_OP("YopoSgdStep").Input("weight: float").Input("gradient: float").Input("velocity: float")
    .Input("numbers: float").Output("new_weight: float").Output("new_velocity: float").SetShapeFn(no_shapes);
REGISTER_OP("YopoAdamStep").Input("weight: float").Input("gradient: float").Input("mean: float").Input("square: float")
    .Input("numbers: float").Output("new_weight: float").Output("new_mean: float").Output("new_square: float")
    .SetShapeFn(no_shapes);

YOPO_REGISTER("YopoMaxPool", MaxPoolKernel);
YOPO_REGISTER("YopoMaxPoolGradient", MaxPoolGradientKernel);
YOPO_REGISTER("YopoBiasActivation", BiasActivationKernel);
YOPO_REGISTER("YopoPassPositive", PassPositiveKernel);
YOPO_REGISTER("YopoBiasGradient", BiasGradientKernel);
YOPO_REGISTER("YopoCrossEntropy", CrossEntropyKernel);
YOPO_REGISTER("YopoLinfStep", LinfStepKernel);
YOPO_REGISTER("YopoSgdStep", SgdStepKernel);
YOPO_REGISTER("YopoAdamStep", AdamStepKernel);

}  // namespace yopo
