// The input gradient's filter as an operation.
#include "input_filter.h"

#include "operation.h"

namespace yopo {
namespace {

class InputFilterKernel : public OpKernel {
 public:
  explicit InputFilterKernel(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, context->GetAttr("stride", &stride_));
    OP_REQUIRES_OK(context, context->GetAttr("top", &top_));
    OP_REQUIRES_OK(context, context->GetAttr("left", &left_));
  }
  void Compute(OpKernelContext* context) override {
    const Tensor& filter = context->input(0);
    InputFilter layer;
    layer.kernel_height = filter.dim_size(0), layer.kernel_width = filter.dim_size(1);
    layer.in = filter.dim_size(2), layer.out = filter.dim_size(3);
    layer.stride = stride_, layer.top = top_, layer.left = left_;
    float* turned = output(context, 0, {layer.rows().extent, layer.columns().extent, layer.out, stride_ * stride_ * layer.in});
    if (turned == nullptr) return;
    const long size = layer.size() / layer.places();
    share_out(context, layer.places(), at_least_one(kLeastNumbers / at_least_one(size)), [&](int64_t first, int64_t end) {
      for (int64_t i = first; i < end; i++) write_place(layer, floats(filter), i, turned + i * size);
    });
  }

 private:
  int stride_, top_, left_;
};

}  // namespace

REGISTER_OP("YopoInputFilter").Input("filter: float").Output("turned: float").Attr("stride: int").Attr("top: int")
    .Attr("left: int").SetShapeFn(no_shapes);

YOPO_REGISTER("YopoInputFilter", InputFilterKernel);

}  // namespace yopo
