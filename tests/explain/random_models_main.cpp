// Explains random models and prints what is wrong: xgrad-random-models [count] [first seed]
#include "explain/random_models.hpp"

#include <cstdlib>
#include <iostream>

int main(int argc, char** argv) {
  const std::uint64_t count = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1000;
  const std::uint64_t first = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 0;
  std::uint64_t wrong = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed)
    for (const xg::Dtype dtype : {xg::float64, xg::float32}) {
      const std::vector<std::string> lines = xg_test::check_random_model(seed, dtype);
      for (const std::string& line : lines) std::cout << line << std::endl;
      wrong += !lines.empty();
    }
  std::cout << count << " models in float64 and float32, " << wrong << " wrong" << std::endl;
  return wrong == 0 ? 0 : 1;
}
