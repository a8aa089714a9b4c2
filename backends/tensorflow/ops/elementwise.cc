#include "elementwise.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "vector.h"

namespace yopo {

void bias_activation(float* values, const float* bias, bool relu, long rows, int channels) {
  for (long row = 0; row < rows; row++, values += channels) {
    for (int i = 0; i < channels; i++) {
      const float sum = bias == nullptr ? values[i] : values[i] + bias[i];
      values[i] = relu && sum < 0.0f ? 0.0f : sum;
    }
  }
}

void pass_positive(const float* dy, const float* y, long count, float* to) {
  long i = 0;
  for (; i + kLanes <= count; i += kLanes) store(to + i, where_positive(load(y + i), load(dy + i)));
  for (; i < count; i++) to[i] = y[i] > 0.0f ? dy[i] : 0.0f;
}

void add_rows(const float* values, long rows, int channels, float* sums) {
  for (long row = 0; row < rows; row++, values += channels) {
    for (int i = 0; i < channels; i++) sums[i] += values[i];
  }
}

void linf_step(const float* x, const float* eta, const float* gradient, float epsilon, float step_size, long count,
               float* to) {
  for (long i = 0; i < count; i++) {
    const float sign = (gradient[i] > 0.0f ? 1.0f : 0.0f) - (gradient[i] < 0.0f ? 1.0f : 0.0f);
    const float moved = std::min(epsilon, std::max(-epsilon, eta[i] + step_size * sign));
    to[i] = std::min(1.0f, std::max(0.0f, x[i] + moved)) - x[i];
  }
}

void sgd_step(const SgdStep& step, const float* weight, const float* gradient, const float* velocity, long count,
              float* new_weight, float* new_velocity) {
  for (long i = 0; i < count; i++) {
    const float descent = gradient[i] + step.weight_decay * weight[i];
    const float moved = velocity == nullptr ? descent : step.momentum * velocity[i] + descent;
    if (new_velocity != nullptr) new_velocity[i] = moved;
    new_weight[i] = weight[i] - step.learning_rate * moved;
  }
}

void adam_step(const AdamStep& step, const float* weight, const float* gradient, const float* mean, const float* square,
               long count, float* new_weight, float* new_mean, float* new_square) {
  constexpr float beta1 = 0.9f, beta2 = 0.999f;
  // 1 − β, rounded once, as PyTorch does.
  constexpr float rest1 = float(1 - 0.9), rest2 = float(1 - 0.999);
  for (long i = 0; i < count; i++) {
    const float descent = gradient[i] + step.weight_decay * weight[i];
    const float m = (mean == nullptr ? 0.0f : beta1 * mean[i]) + rest1 * descent;
    const float v = (square == nullptr ? 0.0f : beta2 * square[i]) + rest2 * descent * descent;
    new_mean[i] = m;
    new_square[i] = v;
    new_weight[i] = weight[i] - step.step_size * (m / (std::sqrt(v) / step.root_correction + 1e-8f));
  }
}

void cross_entropy(const float* logits, const int* labels, long rows, int classes, float* losses, float* residuals) {
  std::vector<double> weights(classes);
  for (long row = 0; row < rows; row++, logits += classes, residuals += classes) {
    const int label = labels[row];
    const double largest = *std::max_element(logits, logits + classes);
    double others = 0;
    for (int i = 0; i < classes; i++) {
      weights[i] = std::exp(logits[i] - largest);
      if (i != label) others += weights[i];
    }
    const double sum = others + weights[label];
    for (int i = 0; i < classes; i++) residuals[i] = float(weights[i] / sum);
    residuals[label] = float(-others / sum);
    // Where the label's logit is the largest, log1p keeps the digits of a small loss.
    losses[row] = float(logits[label] == largest ? std::log1p(others) : std::log(sum) + largest - logits[label]);
  }
}

}  // namespace yopo
