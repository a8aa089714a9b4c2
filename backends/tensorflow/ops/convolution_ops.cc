// Convolutions and YOPO's inner loop as operations.
#include "convolution.h"
#include "inner_loop.h"
#include "operation.h"

namespace yopo {
namespace {

// A kernel with the attributes of a convolution.
class ConvolutionKernel : public OpKernel {
 public:
  explicit ConvolutionKernel(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("stride", &stride_));
    OP_REQUIRES_OK(context, context->GetAttr("padding", &padding_));
    OP_REQUIRES_OK(context, context->GetAttr("relu", &relu_));
  }

 protected:
  Convolution layer(const Tensor& x, const Tensor& filter) const { return layer(x.shape(), filter.shape()); }

  Convolution layer(const TensorShape& x, const TensorShape& filter) const {
    Convolution layer;
    layer.height = x.dim_size(1), layer.width = x.dim_size(2), layer.in = x.dim_size(3);
    layer.kernel_height = filter.dim_size(0), layer.kernel_width = filter.dim_size(1), layer.out = filter.dim_size(3);
    layer.stride = stride_;
    layer.top = padding_[0], layer.bottom = padding_[1], layer.left = padding_[2], layer.right = padding_[3];
    layer.relu = relu_;
    return layer;
  }

 private:
  int stride_;
  std::vector<int> padding_;
  bool relu_;
};

class ForwardKernel : public ConvolutionKernel {
 public:
  using ConvolutionKernel::ConvolutionKernel;
  void Compute(OpKernelContext* context) override {
    const Tensor &x = context->input(0), &filter = context->input(1), &bias = context->input(2);
    const Convolution layer = this->layer(x, filter);
    const int64_t batch = x.dim_size(0);
    float* y = output(context, 0, {batch, layer.out_height(), layer.out_width(), layer.out});
    if (y == nullptr) return;
    share_out(context, batch, 1, [&](int64_t first, int64_t end) {
      Frame frame;
      for (int64_t i = first; i < end; i++) {
        forward(layer, floats(x) + i * layer.image_size(), floats(filter), floats_or_null(bias), y + i * layer.out_size(),
                frame);
      }
    });
  }
};

class InputGradientKernel : public ConvolutionKernel {
 public:
  explicit InputGradientKernel(OpKernelConstruction* context) : ConvolutionKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("height", &height_));
    OP_REQUIRES_OK(context, context->GetAttr("width", &width_));
  }
  void Compute(OpKernelContext* context) override {
    const Tensor &dy = context->input(0), &y = context->input(1), &filter = context->input(2);
    const int64_t batch = dy.dim_size(0);
    const TensorShape shape = {batch, height_, width_, filter.dim_size(2)};
    const Convolution layer = this->layer(shape, filter.shape());
    float* dx = output(context, 0, shape);
    if (dx == nullptr) return;
    const bool narrow = layer.in % kLanes != 0;
    const std::vector<float> turned_filter = narrow ? std::vector<float>() : turned(layer, floats(filter));
    share_out(context, batch, 1, [&](int64_t first, int64_t end) {
      Frame frame, passed;
      for (int64_t i = first; i < end; i++) {
        const float *dyi = floats(dy) + i * layer.out_size(), *yi = floats(y) + i * layer.out_size();
        float* dxi = dx + i * layer.image_size();
        if (narrow) narrow_input_gradient(layer, dyi, yi, floats(filter), dxi, frame, passed);
        else input_gradient(layer, dyi, yi, turned_filter, dxi, frame);
      }
    });
  }

 private:
  int height_, width_;
};

// Overwrites its last input with the bias's gradient, which comes with the filter's at no cost: tfjs asks for one gradient
// at a time, and frees what was computed beside it.
class FilterGradientKernel : public ConvolutionKernel {
 public:
  explicit FilterGradientKernel(OpKernelConstruction* context) : ConvolutionKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("kernel_height", &kernel_height_));
    OP_REQUIRES_OK(context, context->GetAttr("kernel_width", &kernel_width_));
  }
  void Compute(OpKernelContext* context) override {
    const Tensor &x = context->input(0), &dy = context->input(1), &y = context->input(2);
    Tensor bias_gradient = context->input(3);
    const TensorShape shape = {kernel_height_, kernel_width_, x.dim_size(3), dy.dim_size(3)};
    const Convolution layer = this->layer(x.shape(), shape);
    float* filter_gradient = output(context, 0, shape);
    if (filter_gradient == nullptr) return;
    OP_REQUIRES(context, bias_gradient.NumElements() == layer.out,
                tensorflow::errors::InvalidArgument("the bias's gradient needs one number a channel"));
    // The bias's gradient stands behind the filter's.
    const int64_t size = layer.filter_size() + layer.out;
    std::vector<float> sums(size);
    const int64_t batch = x.dim_size(0), images = std::max(kImages, (batch + kMostBlocks - 1) / kMostBlocks);
    sum_in_blocks(context, batch, images, size, [&](int64_t first, int64_t end, float* sums) {
      Frame frame, passed;
      for (int64_t i = first; i < end; i++) {
        add_filter_gradient(layer, floats(x) + i * layer.image_size(), floats(dy) + i * layer.out_size(),
                            floats(y) + i * layer.out_size(), sums, sums + layer.filter_size(), frame, passed);
      }
    }, sums.data());
    std::copy_n(sums.begin(), layer.filter_size(), filter_gradient);
    std::copy_n(sums.end() - layer.out, layer.out, bias_gradient.flat<float>().data());
  }

 private:
  // Images whose gradients are summed one after another: at least these, and more where there would be too many blocks,
  // each of which takes a filter's memory.
  static constexpr int64_t kImages = 16, kMostBlocks = 64;
  int kernel_height_, kernel_width_;
};

class InnerLoopKernel : public ConvolutionKernel {
 public:
  explicit InnerLoopKernel(OpKernelConstruction* context) : ConvolutionKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("steps", &steps_));
    OP_REQUIRES_OK(context, context->GetAttr("sign", &sign_));
  }
  void Compute(OpKernelContext* context) override {
    const Tensor &x = context->input(0), &eta = context->input(1), &p = context->input(2), &filter = context->input(3),
                 &bias = context->input(4), &numbers = context->input(5);
    const Convolution layer = this->layer(x, filter);
    InnerLoop loop;
    loop.height = layer.height, loop.width = layer.width;
    loop.kernel = layer.kernel_height, loop.channels = layer.out;
    loop.top = layer.top, loop.bottom = layer.bottom, loop.left = layer.left, loop.right = layer.right;
    loop.steps = steps_, loop.sign = sign_;
    loop.epsilon = floats(numbers)[0], loop.step_size = floats(numbers)[1];
    OP_REQUIRES(context, layer.in == 1 && layer.stride == 1 && has_inner_loop(loop),
                tensorflow::errors::InvalidArgument("no inner loop for this layer"));
    float* moved = output(context, 0, eta.shape());
    if (moved == nullptr) return;
    std::copy_n(floats(eta), eta.NumElements(), moved);
    share_out(context, x.dim_size(0), 1, [&](int64_t first, int64_t end) {
      inner_loop(loop, floats(x), moved, floats(p), floats(filter), floats_or_null(bias), first, end);
    });
  }

 private:
  int steps_;
  bool sign_;
};

}  // namespace

#define YOPO_CONVOLUTION_ATTRIBUTES Attr("stride: int").Attr("padding: list(int)").Attr("relu: bool")

REGISTER_OP("YopoConvolution").Input("x: float").Input("filter: float").Input("bias: float").Output("y: float")
    .YOPO_CONVOLUTION_ATTRIBUTES.SetShapeFn(no_shapes);
REGISTER_OP("YopoConvolutionInputGradient").Input("dy: float").Input("y: float").Input("filter: float")
    .Output("dx: float").YOPO_CONVOLUTION_ATTRIBUTES.Attr("height: int").Attr("width: int").SetShapeFn(no_shapes);
REGISTER_OP("YopoConvolutionFilterGradient").Input("x: float").Input("dy: float").Input("y: float")
    .Input("bias_gradient: float").Output("filter: float").YOPO_CONVOLUTION_ATTRIBUTES.Attr("kernel_height: int")
    .Attr("kernel_width: int").SetShapeFn(no_shapes);
REGISTER_OP("YopoInnerLoop").Input("x: float").Input("eta: float").Input("p: float").Input("filter: float")
    .Input("bias: float").Input("numbers: float").Output("moved: float").YOPO_CONVOLUTION_ATTRIBUTES.Attr("steps: int")
    .Attr("sign: bool").SetShapeFn(no_shapes);

YOPO_REGISTER("YopoConvolution", ForwardKernel);
YOPO_REGISTER("YopoConvolutionInputGradient", InputGradientKernel);
YOPO_REGISTER("YopoConvolutionFilterGradient", FilterGradientKernel);
YOPO_REGISTER("YopoInnerLoop", InnerLoopKernel);

}  // namespace yopo
