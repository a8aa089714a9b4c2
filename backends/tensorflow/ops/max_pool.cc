#include "max_pool.h"

#include <algorithm>
#include <cstring>

#include "vector.h"

namespace yopo {
namespace {

inline Vector maximum(Vector a, Vector b) { return b > a ? b : a; }

// Of cell `i` of four neighbours at x, x + channels and one row below; the gradient goes to the first that is the maximum.
inline void spread(const float* x, float* dx, long right, long below, float dy) {
  const long places[] = {0, right, below, below + right};
  long first = 0;
  for (long place : places) if (x[place] > x[first]) first = place;
  for (long place : places) dx[place] = place == first ? dy : 0.0f;
}

inline void spread(const float* x, float* dx, long right, long below, Vector dy) {
  const Vector a = load(x), b = load(x + right), c = load(x + below), d = load(x + below + right);
  const Mask top = b > a, bottom = d > c;
  const Vector upper = top ? b : a, lower = bottom ? d : c;
  const Mask low = lower > upper;
  const Vector up = low ? Vector{} : dy, down = low ? dy : Vector{};
  store(dx, top ? Vector{} : up);
  store(dx + right, top ? up : Vector{});
  store(dx + below, bottom ? Vector{} : down);
  store(dx + below + right, bottom ? down : Vector{});
}

}  // namespace

void max_pool(const MaxPool& layer, const float* x, float* y) {
  const long right = layer.channels, below = long(layer.width) * layer.channels;
  for (int row = 0; row + 1 < layer.height; row += 2) {
    for (int column = 0; column + 1 < layer.width; column += 2, y += layer.channels) {
      const float* cell = x + row * below + column * right;
      long i = 0;
      for (; i + kLanes <= right; i += kLanes) {
        const Vector upper = maximum(load(cell + i), load(cell + i + right));
        const Vector lower = maximum(load(cell + i + below), load(cell + i + below + right));
        store(y + i, maximum(upper, lower));
      }
      for (; i < right; i++) {
        y[i] = std::max(std::max(cell[i], cell[i + right]), std::max(cell[i + below], cell[i + below + right]));
      }
    }
  }
}

void max_pool_gradient(const MaxPool& layer, const float* dy, const float* x, float* dx) {
  const long right = layer.channels, below = long(layer.width) * layer.channels;
  if (layer.height % 2 != 0) std::memset(dx + (layer.height - 1) * below, 0, sizeof(float) * below);
  for (int row = 0; row + 1 < layer.height; row += 2) {
    for (int column = 0; column + 1 < layer.width; column += 2, dy += layer.channels) {
      const long cell = row * below + column * right;
      long i = 0;
      for (; i + kLanes <= right; i += kLanes) spread(x + cell + i, dx + cell + i, right, below, load(dy + i));
      for (; i < right; i++) spread(x + cell + i, dx + cell + i, right, below, dy[i]);
    }
    if (layer.width % 2 != 0) {
      for (int i = row; i < row + 2; i++) std::memset(dx + (i + 1) * below - right, 0, sizeof(float) * right);
    }
  }
}

}  // namespace yopo
