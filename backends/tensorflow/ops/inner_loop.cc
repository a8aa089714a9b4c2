// Lanes are pixels: a filter tap is one number for all of them, and the sums over channels stay in registers. The pixels of
// all rows form one run of the padded width; its columns behind a row's last output have p = 0 and so add nothing.
#include "inner_loop.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "vector.h"

namespace yopo {
namespace {

// Scratch of one image; stays in the core's own cache.
struct Scratch {
  explicit Scratch(const InnerLoop& loop)
      : positions(round_up(loop.out_height() * loop.padded_width(), kLanes)),
        p(loop.channels * positions),
        taps(loop.channels * loop.kernel * loop.kernel),
        z(loop.padded_height() * loop.padded_width() + loop.padded_width() * loop.kernel + kLanes),
        gradient(z.size()) {}
  int positions;
  // p as [channels][positions], taps as [channels][kernel · kernel].
  std::vector<float> p, taps;
  // Padded images.
  std::vector<float> z, gradient;
};

void transpose_p(const InnerLoop& loop, const float* p, Scratch& scratch) {
  const int columns = loop.out_width(), channels = loop.channels;
  for (int row = 0; row < loop.out_height(); row++) {
    float* to = scratch.p.data() + row * loop.padded_width();
    const float* from = p + row * columns * channels;
    for (int channel = 0; channel < channels; channel++) {
      for (int column = 0; column < columns; column++) {
        to[channel * scratch.positions + column] = from[column * channels + channel];
      }
    }
  }
}

// gradient = ∂(Σ p·relu(filter ∗ z + bias))/∂z.
template <int KERNEL>
void first_layer_gradient(const InnerLoop& loop, const float* bias, Scratch& scratch) {
  constexpr int TAPS = KERNEL * KERNEL;
  const int width = loop.padded_width();
  std::fill(scratch.gradient.begin(), scratch.gradient.end(), 0.0f);
  for (int q = 0; q < scratch.positions; q += kLanes) {
    Vector z[TAPS], gradient[TAPS];
#pragma GCC unroll 32
    for (int t = 0; t < TAPS; t++) {
      z[t] = load(scratch.z.data() + q + t / KERNEL * width + t % KERNEL);
      gradient[t] = Vector{};
    }
    const float* p = scratch.p.data() + q;
    const float* taps = scratch.taps.data();
    for (int channel = 0; channel < loop.channels; channel++, p += scratch.positions, taps += TAPS) {
      Vector sum = broadcast(bias == nullptr ? 0.0f : bias[channel]);
#pragma GCC unroll 32
      for (int t = 0; t < TAPS; t++) sum += z[t] * taps[t];
      const Vector passed = where_positive(sum, load(p));
#pragma GCC unroll 32
      for (int t = 0; t < TAPS; t++) gradient[t] += passed * taps[t];
    }
#pragma GCC unroll 32
    for (int t = 0; t < TAPS; t++) {
      float* to = scratch.gradient.data() + q + t / KERNEL * width + t % KERNEL;
      store(to, load(to) + gradient[t]);
    }
  }
}

// Writes z = clip(x + eta, 0, 1) inside the padding.
void clip_image(const InnerLoop& loop, const float* x, const float* eta, Scratch& scratch) {
  for (int row = 0; row < loop.height; row++) {
    float* z = scratch.z.data() + (row + loop.top) * loop.padded_width() + loop.left;
    const float* xs = x + row * loop.width;
    const float* etas = eta + row * loop.width;
    for (int i = 0; i < loop.width; i++) z[i] = std::min(1.0f, std::max(0.0f, xs[i] + etas[i]));
  }
}

// η ← clip(η + α·sign(g) or α·g, ±ε); η ← clip(x + η, 0, 1) − x, where g is 0 outside the box, not at its bounds.
template <bool SIGN>
void move(const InnerLoop& loop, const float* x, float* eta, const Scratch& scratch) {
  const float epsilon = loop.epsilon, step = loop.step_size;
  for (int row = 0; row < loop.height; row++) {
    const float* gradient = scratch.gradient.data() + (row + loop.top) * loop.padded_width() + loop.left;
    const float* xs = x + row * loop.width;
    float* etas = eta + row * loop.width;
    for (int i = 0; i < loop.width; i++) {
      const float s = xs[i] + etas[i];
      const float g = s >= 0.0f && s <= 1.0f ? gradient[i] : 0.0f;
      const float direction = SIGN ? (g > 0.0f ? 1.0f : 0.0f) - (g < 0.0f ? 1.0f : 0.0f) : g;
      const float moved = std::min(epsilon, std::max(-epsilon, etas[i] + step * direction));
      etas[i] = std::min(1.0f, std::max(0.0f, xs[i] + moved)) - xs[i];
    }
  }
}

template <int KERNEL>
void image_loop(const InnerLoop& loop, const float* x, float* eta, const float* p, const float* bias, Scratch& scratch) {
  transpose_p(loop, p, scratch);
  for (int step = 0; step < loop.steps; step++) {
    clip_image(loop, x, eta, scratch);
    first_layer_gradient<KERNEL>(loop, bias, scratch);
    if (loop.sign) move<true>(loop, x, eta, scratch);
    else move<false>(loop, x, eta, scratch);
  }
}

}  // namespace

bool has_inner_loop(const InnerLoop& loop) { return loop.kernel == 3 || loop.kernel == 5; }

void inner_loop(const InnerLoop& loop, const float* x, float* eta, const float* p, const float* filter, const float* bias,
                long first, long end) {
  Scratch scratch(loop);
  const int taps = loop.kernel * loop.kernel;
  for (int t = 0; t < taps; t++) {
    for (int channel = 0; channel < loop.channels; channel++) {
      scratch.taps[channel * taps + t] = filter[t * loop.channels + channel];
    }
  }
  const long image = long(loop.height) * loop.width;
  const long outputs = long(loop.out_height()) * loop.out_width() * loop.channels;
  for (long i = first; i < end; i++) {
    if (loop.kernel == 3) image_loop<3>(loop, x + i * image, eta + i * image, p + i * outputs, bias, scratch);
    else image_loop<5>(loop, x + i * image, eta + i * image, p + i * outputs, bias, scratch);
  }
}

}  // namespace yopo
