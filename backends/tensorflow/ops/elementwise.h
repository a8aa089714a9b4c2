// Work on one number after another; pointers are to the first of `count`.
#pragma once

namespace yopo {

// values = activation(values + bias), rows of `channels`.
void bias_activation(float* values, const float* bias, bool relu, long rows, int channels);

// dy where y > 0, else 0: the gradient of ReLU with output y.
void pass_positive(const float* dy, const float* y, long count, float* to);

// Adds the rows to sums.
void add_rows(const float* values, long rows, int channels, float* sums);

// η' = clip(x + clip(η + α·sign(g), ±ε), 0, 1) − x.
void linf_step(const float* x, const float* eta, const float* gradient, float epsilon, float step_size, long count,
               float* to);

// As torch.optim.SGD; velocity is null at the first step.
struct SgdStep { float learning_rate, momentum, weight_decay; };
void sgd_step(const SgdStep& step, const float* weight, const float* gradient, const float* velocity, long count,
              float* new_weight, float* new_velocity);

// As torch.optim.Adam with β1 = 0.9, β2 = 0.999 and 1e-8; mean and square are null at the first step.
struct AdamStep { float step_size, root_correction, weight_decay; };
void adam_step(const AdamStep& step, const float* weight, const float* gradient, const float* mean, const float* square,
               long count, float* new_weight, float* new_mean, float* new_square);

// Softmax cross-entropy in nats of rows of logits, and its gradient softmax − [class is the label], in float64: the
// label's entry is minus the sum of the others, which keeps its digits where the label's probability is nearly 1.
void cross_entropy(const float* logits, const int* labels, long rows, int classes, float* losses, float* residuals);

}  // namespace yopo
