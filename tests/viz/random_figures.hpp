// Figures of random data at every extreme, and what must hold of each.
#pragma once

#include <cstdint>
#include <string>

namespace viz_test {

/// The figure that `seed` stands for: any kind of picture, of numbers in a range between 1e-300 and 1e300 (some of them
/// NaN or infinite), with 0 to 10^5 points, sizes and options that may be out of range. Returns what is wrong with it,
/// or "": it is drawn as SVG that is well-formed, not empty and holds no number that is none, with ticks that differ;
/// or an xg::Error says why not. `described` says what was drawn.
std::string check_random_figure(std::uint64_t seed, std::string& described);

}  // namespace viz_test
