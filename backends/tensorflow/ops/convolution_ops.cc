// Convolutions and YOPO's inner loop as operations.
#include "convolution.h"
#include "inner_loop.h"
#include "operation.h"
#include "wide_filter_gradient.h"
#include "winograd.h"

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

// Filters of 3x3 at stride 1, without bias and activation.
class WinogradKernel : public ConvolutionKernel {
 public:
  using ConvolutionKernel::ConvolutionKernel;
  void Compute(OpKernelContext* context) override {
    const Tensor &x = context->input(0), &filter = context->input(1);
    const Winograd winograd = {layer(x, filter)};
    const Convolution& layer = winograd.layer;
    OP_REQUIRES(context, layer.kernel_height == 3 && layer.kernel_width == 3 && layer.stride == 1 && !layer.relu &&
                             layer.in % kLanes == 0 && layer.out % kLanes == 0,
                tensorflow::errors::InvalidArgument("no Winograd convolution for this layer"));
    float* y = output(context, 0, {x.dim_size(0), layer.out_height(), layer.out_width(), layer.out});
    if (y == nullptr) return;
    Tensor transformed;
    OP_REQUIRES_OK(context, context->allocate_temp(tensorflow::DT_FLOAT, {winograd.filter_size()}, &transformed));
    share_out(context, layer.in, 16, [&](int64_t first, int64_t end) {
      for (int64_t i = first; i < end; i++) transform_filter(winograd, floats(filter), i, transformed.flat<float>().data());
    });
    const long tiles = x.dim_size(0) * winograd.tiles(), strip = winograd.strip();
    share_out(context, (tiles + strip - 1) / strip, 1, [&](int64_t first, int64_t end) {
      WinogradScratch scratch;
      for (int64_t i = first; i < end; i++) {
        convolve_tiles(winograd, floats(x), floats(transformed), i * strip, std::min(tiles, (i + 1) * strip), y, scratch);
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

// For filters that are too large for FilterGradientKernel; dy is masked already where there is a ReLU.
class WideFilterGradientKernel : public ConvolutionKernel {
 public:
  explicit WideFilterGradientKernel(OpKernelConstruction* context) : ConvolutionKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("kernel_height", &kernel_height_));
    OP_REQUIRES_OK(context, context->GetAttr("kernel_width", &kernel_width_));
  }
  void Compute(OpKernelContext* context) override {
    const Tensor &x = context->input(0), &dy = context->input(1);
    const TensorShape shape = {kernel_height_, kernel_width_, x.dim_size(3), dy.dim_size(3)};
    WideFilterGradient gradient;
    gradient.layer = this->layer(x.shape(), shape);
    gradient.images = x.dim_size(0);
    OP_REQUIRES(context, gradient.layer.out % kLanes == 0,
                tensorflow::errors::InvalidArgument("channels must be a multiple of ", kLanes));
    float* to = output(context, 0, shape);
    if (to == nullptr) return;
    std::fill_n(to, gradient.layer.filter_size(), 0.0f);
    Tensor padded = x;
    if (gradient.layer.padded() && !pad(context, gradient.layer, x, &padded)) return;
    gradient.x = floats(padded), gradient.dy = floats(dy);
    const int threads = context->device()->tensorflow_cpu_worker_threads()->workers->NumThreads();
    const int64_t panels = gradient.panels(), groups = gradient.groups();
    const int64_t parts = std::min(groups, (4 * threads + panels - 1) / panels);
    share_out(context, panels * parts, 1, [&](int64_t first, int64_t end) {
      for (int64_t i = first; i < end; i++) {
        const int64_t part = i % parts;
        add_wide_filter_gradient(gradient, i / parts, groups * part / parts, groups * (part + 1) / parts, to);
      }
    });
  }

 private:
  // All images with frames of zeros; false, and the context's status says why, where there is no memory.
  static bool pad(OpKernelContext* context, const Convolution& layer, const Tensor& x, Tensor* padded) {
    const TensorShape shape = {x.dim_size(0), layer.padded_height(), layer.padded_width(), layer.in};
    const auto status = context->allocate_temp(tensorflow::DT_FLOAT, shape, padded);
    if (!status.ok()) {
      context->CtxFailure(status);
      return false;
    }
    const long size = long(layer.padded_height()) * layer.padded_width() * layer.in;
    share_out(context, x.dim_size(0), 1, [&](int64_t first, int64_t end) {
      for (int64_t i = first; i < end; i++) {
        write_padded(layer, floats(x) + i * layer.image_size(), padded->flat<float>().data() + i * size);
      }
    });
    return true;
  }

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
REGISTER_OP("YopoWinogradConvolution").Input("x: float").Input("filter: float").Output("y: float")
    .YOPO_CONVOLUTION_ATTRIBUTES.SetShapeFn(no_shapes);
REGISTER_OP("YopoConvolutionInputGradient").Input("dy: float").Input("y: float").Input("filter: float")
    .Output("dx: float").YOPO_CONVOLUTION_ATTRIBUTES.Attr("height: int").Attr("width: int").SetShapeFn(no_shapes);
REGISTER_OP("YopoConvolutionFilterGradient").Input("x: float").Input("dy: float").Input("y: float")
    .Input("bias_gradient: float").Output("filter: float").YOPO_CONVOLUTION_ATTRIBUTES.Attr("kernel_height: int")
    .Attr("kernel_width: int").SetShapeFn(no_shapes);
REGISTER_OP("YopoWideFilterGradient").Input("x: float").Input("dy: float").Output("filter: float")
    .YOPO_CONVOLUTION_ATTRIBUTES.Attr("kernel_height: int").Attr("kernel_width: int").SetShapeFn(no_shapes);
REGISTER_OP("YopoInnerLoop").Input("x: float").Input("eta: float").Input("p: float").Input("filter: float")
    .Input("bias: float").Input("numbers: float").Output("moved: float").YOPO_CONVOLUTION_ATTRIBUTES.Attr("steps: int")
    .Attr("sign: bool").SetShapeFn(no_shapes);

YOPO_REGISTER("YopoConvolution", ForwardKernel);
YOPO_REGISTER("YopoWinogradConvolution", WinogradKernel);
YOPO_REGISTER("YopoConvolutionInputGradient", InputGradientKernel);
YOPO_REGISTER("YopoConvolutionFilterGradient", FilterGradientKernel);
YOPO_REGISTER("YopoWideFilterGradient", WideFilterGradientKernel);
YOPO_REGISTER("YopoInnerLoop", InnerLoopKernel);

}  // namespace yopo
