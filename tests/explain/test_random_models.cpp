#include "explain/random_models.hpp"
#include "support/catch.hpp"

// Breaks if an explanation of some model is incomplete without saying so, depends on other rows or threads, or is NaN.
// scripts/random_models.sh runs more of them.
TEST_CASE("random models are explained completely") {
  for (std::uint64_t seed = 0; seed < 200; ++seed)
    for (const xg::Dtype dtype : {xg::float64, xg::float32})
      for (const std::string& line : xg_test::check_random_model(seed, dtype)) FAIL_CHECK(line);
}
