// Draws random figures and prints what is wrong: xgrad-random-figures [count] [first seed]
#include "random_figures.hpp"

#include <cstdlib>
#include <iostream>

int main(int argc, char** argv) {
  const std::uint64_t count = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1000;
  const std::uint64_t first = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 0;
  std::uint64_t wrong = 0, refused = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    std::string described;
    const std::string fault = viz_test::check_random_figure(seed, described);
    refused += described.ends_with("refused");
    if (fault.empty()) continue;
    std::cout << described << ": " << fault << std::endl;
    ++wrong;
  }
  std::cout << count << " figures, " << refused << " refused, " << wrong << " wrong" << std::endl;
  return wrong == 0 ? 0 : 1;
}
