// Batch normalisation of rows of `channels`, and its gradient: Ioffe and Szegedy 2015, arXiv:1502.03167. Pointers are to the
// first row; those of one number a channel are read-only. With r = 1/√(variance + ε) and factor = scale·r:
// y = activation((x − mean)·factor + offset). ReLU passes the gradient where y > 0, which is computed again from x: that is
// cheaper than to read y.
#pragma once

namespace yopo {

// What maps x to y.
struct Normalization {
  const float *mean, *factor, *offset;
  int channels;
  bool relu;
};

// Mean and Σ (x − mean)² of each channel.
void moments(const float* x, long rows, int channels, float* mean, float* squares);

void normalize(const Normalization& layer, const float* x, long rows, float* y);

// Adds Σ dy to sums and Σ dy·(x − mean) to products, where ReLU passes dy.
void add_normalization_sums(const Normalization& layer, const float* dy, const float* x, long rows, float* sums,
                            float* products);

// Training mode: dx = factor·(dy − shift − (x − mean)·slope), with dy zero where ReLU stops it.
void normalization_gradient(const Normalization& layer, const float* dy, const float* x, const float* shift,
                            const float* slope, long rows, float* dx);

// Evaluation mode, where mean and variance are constants: dx = factor·dy.
void fixed_normalization_gradient(const Normalization& layer, const float* dy, const float* x, long rows, float* dx);

}  // namespace yopo
