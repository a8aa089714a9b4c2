// 2x2 max pooling with stride 2 of images [height, width, channels]; an odd last row or column is left out.
#pragma once

namespace yopo {

struct MaxPool {
  int height, width, channels;
  long image_size() const { return long(height) * width * channels; }
  long out_size() const { return long(height / 2) * (width / 2) * channels; }
};

void max_pool(const MaxPool& layer, const float* x, float* y);

// The whole gradient goes to the first maximum of a cell in row-major order.
void max_pool_gradient(const MaxPool& layer, const float* dy, const float* x, float* dx);

}  // namespace yopo
