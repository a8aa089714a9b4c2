// Whole arrays, element by element.

/** to[i] += from[i]. */
export function addTo(to: usize, from: usize, count: i32): void {
  const end = to + (<usize> count << 2), vectorEnd = end - 15;
  for (; to < vectorEnd; to += 16, from += 16) v128.store(to, f32x4.add(v128.load(to), v128.load(from)));
  for (; to < end; to += 4, from += 4) store<f32>(to, load<f32>(to) + load<f32>(from));
}

/** to[i] = 0. */
export function fillZeros(to: usize, count: i32): void {
  memory.fill(to, 0, <usize> count << 2);
}
