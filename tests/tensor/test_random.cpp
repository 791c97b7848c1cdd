// Random numbers: the published test vectors, the distributions, and what depends on what.
#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/error.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <thread>

using namespace xg;

namespace {

/// Philox 4x32-10 for any counter and key, straight from the paper.
std::array<std::uint32_t, 4> reference_philox(std::array<std::uint32_t, 4> c, std::array<std::uint32_t, 2> k) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p = 0xD2511F53ull * c[0], q = 0xCD9E8D57ull * c[2];
    c = {static_cast<std::uint32_t>(q >> 32) ^ c[1] ^ k[0], static_cast<std::uint32_t>(q),
         static_cast<std::uint32_t>(p >> 32) ^ c[3] ^ k[1], static_cast<std::uint32_t>(p)};
    k[0] += 0x9E3779B9u;
    k[1] += 0xBB67AE85u;
  }
  return c;
}

/// Moments of the elements: mean, variance, skewness, kurtosis.
std::array<double, 4> moments(const Tensor& x) {
  const std::vector<double> v = x.to_vector();
  const auto n = static_cast<double>(v.size());
  const double mean = std::accumulate(v.begin(), v.end(), 0.0) / n;
  double m2 = 0, m3 = 0, m4 = 0;
  for (const double e : v) {
    const double d = e - mean;
    m2 += d * d / n;
    m3 += d * d * d / n;
    m4 += d * d * d * d / n;
  }
  return {mean, m2, m3 / std::pow(m2, 1.5), m4 / (m2 * m2)};
}

}  // namespace

// Breaks if the generator is not Philox 4x32-10: the vectors are those of the Random123 distribution.
TEST_CASE("Philox gives the published numbers") {
  using Block = std::array<std::uint32_t, 4>;
  CHECK(reference_philox({0, 0, 0, 0}, {0, 0}) == Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  constexpr std::uint32_t ones = 0xffffffff;
  CHECK(reference_philox({ones, ones, ones, ones}, {ones, ones}) ==
        Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(reference_philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
  for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{42}, ~std::uint64_t{0}})
    for (const std::uint64_t counter : {std::uint64_t{0}, std::uint64_t{0xfffffffe}, std::uint64_t{1} << 40})
      CHECK(philox(seed, counter) ==
            reference_philox({static_cast<std::uint32_t>(counter), static_cast<std::uint32_t>(counter >> 32), 0, 0},
                             {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)}));
}

// Breaks if a number depends on how many are asked for, or on anything but seed and place in the stream.
TEST_CASE("the same seed gives the same bits, whatever the size") {
  for (const Dtype dtype : {float32, float64}) {
    Generator a(7), b(7), c(8);
    const std::vector<double> longer = rand({1000}, {.dtype = dtype, .generator = &a}).to_vector();
    const std::vector<double> shorter = rand({77}, {.dtype = dtype, .generator = &b}).to_vector();
    CHECK(std::equal(shorter.begin(), shorter.end(), longer.begin()));
    CHECK(rand({77}, {.dtype = dtype, .generator = &c}).to_vector() != shorter);
    Generator d(7), e(7);
    const std::vector<double> many = randn({501}, {.dtype = dtype, .generator = &d}).to_vector();
    const std::vector<double> few = randn({3}, {.dtype = dtype, .generator = &e}).to_vector();
    CHECK(std::equal(few.begin(), few.end(), many.begin()));
  }
  manual_seed(5);
  const Tensor first = randn({10}), second = randn({10});
  manual_seed(5);
  CHECK(randn({10}).to_vector() == first.to_vector());
  CHECK(randn({10}).to_vector() == second.to_vector());
  CHECK(first.to_vector() != second.to_vector());
  Generator at(7);
  CHECK(at.next() != at.next());
  CHECK(at.offset() == 2);
}

// Breaks if a distribution has the wrong shape: six standard errors around each moment of a million numbers.
TEST_CASE("uniform and normal numbers have their moments") {
  Generator generator(1);
  const std::int64_t n = 1'000'000;
  for (const Dtype dtype : {float32, float64}) {
    const Tensor u = rand({n}, {.dtype = dtype, .generator = &generator});
    const auto [mean, variance, skew, kurtosis] = moments(u);
    CHECK(std::abs(mean - 0.5) < 6 * std::sqrt(1.0 / 12 / 1e6));
    CHECK(std::abs(variance - 1.0 / 12) < 6 * 7.5e-5);
    CHECK(std::abs(skew) < 0.01);
    CHECK(std::abs(kurtosis - 1.8) < 0.01);
    CHECK(u.min().item() >= 0);
    CHECK(u.max().item() < 1);
    const Tensor z = randn({n}, {.dtype = dtype, .generator = &generator});
    const auto [zmean, zvariance, zskew, zkurtosis] = moments(z);
    CHECK(std::abs(zmean) < 0.006);
    CHECK(std::abs(zvariance - 1) < 0.0085);
    CHECK(std::abs(zskew) < 0.015);
    CHECK(std::abs(zkurtosis - 3) < 0.03);
    CHECK(z.abs().max().item() > 4.4);  // the tail is there
    const std::vector<double> v = z.to_vector();
    double product = 0;  // neighbours come from one pair, and must not know of each other
    for (std::size_t i = 0; i < v.size(); i += 2) product += v[i] * v[i + 1];
    CHECK(std::abs(product / 5e5) < 6 / std::sqrt(5e5));
  }
}

// Breaks if an integer is out of range or some come more often.
TEST_CASE("integers, permutations and choices") {
  Generator generator(2);
  const Tensor dice = randint(1, 7, {60'000}, {.generator = &generator});
  CHECK(dice.dtype() == int64);
  const auto [faces, inverse, counts] = unique(dice);
  CHECK(faces.to_vector<std::int64_t>() == std::vector<std::int64_t>{1, 2, 3, 4, 5, 6});
  for (const std::int64_t count : counts.to_vector<std::int64_t>()) CHECK(std::abs(count - 10'000) < 550);
  CHECK(randint(0, 2, {4}, {.dtype = bool_}).dtype() == bool_);
  CHECK(randint(std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max(), {3}).numel() == 3);

  std::vector<std::int64_t> order = randperm(1000, {.generator = &generator}).to_vector<std::int64_t>();
  CHECK_FALSE(std::is_sorted(order.begin(), order.end()));
  std::sort(order.begin(), order.end());
  std::vector<std::int64_t> all(1000);
  std::iota(all.begin(), all.end(), std::int64_t{0});
  CHECK(order == all);
  CHECK(randperm(0).numel() == 0);

  // All six orders of three come equally often.
  std::array<int, 27> seen{};
  for (int i = 0; i < 6000; ++i) {
    const std::vector<std::int64_t> p = randperm(3, {.generator = &generator}).to_vector<std::int64_t>();
    ++seen[static_cast<std::size_t>(p[0] * 9 + p[1] * 3 + p[2])];
  }
  CHECK(std::count(seen.begin(), seen.end(), 0) == 21);
  for (const int count : seen) CHECK((count == 0 || std::abs(count - 1000) < 180));

  const Tensor values = tensor({10, 20, 30});
  const Tensor weighted = choice(values, 30'000, {.p = tensor({1, 0, 3}), .generator = &generator});
  CHECK(std::abs(weighted.mean().item() - 25) < 0.4);
  CHECK_FALSE(any(weighted == 20.0).item<bool>());
  for (int i = 0; i < 50; ++i) {
    const Tensor two = choice(values, 2, {.replace = false, .p = tensor({1, 0, 3}), .generator = &generator});
    CHECK(sort(two).first.to_vector() == std::vector<double>{10, 30});
    CHECK(std::get<0>(unique(choice(values, 3, {.replace = false, .generator = &generator}))).numel() == 3);
  }
  // Without replacement, the first pick follows the weights.
  int heavy = 0;
  for (int i = 0; i < 4000; ++i)
    heavy += choice(values, 1, {.replace = false, .p = tensor({1, 1, 2}), .generator = &generator}).item() == 30;
  CHECK(std::abs(heavy - 2000) < 200);
}

// Breaks if probabilities are not met, or in-place methods forget a layout or the version count.
TEST_CASE("bernoulli, in-place numbers and samples of rows") {
  Generator generator(3);
  const Tensor p = full({100'000}, 0.3);
  const Tensor draws = bernoulli(p, &generator);
  CHECK(std::abs(draws.mean().item() - 0.3) < 0.01);
  CHECK(bernoulli(tensor({0, 1, 0, 1}), &generator).to_vector() == std::vector<double>{0, 1, 0, 1});

  Tensor x = zeros({50, 40});
  const std::uint32_t version = x.version();
  x.uniform_(-2, -1, &generator);
  CHECK(x.version() > version);
  CHECK(x.min().item() >= -2);
  CHECK(x.max().item() < -1);
  x.t().slice(0, 0, 40, 2).normal_(100, 0.1, &generator);
  CHECK(x.select(1, 0).min().item() > 99);
  CHECK(x.select(1, 1).max().item() < 0);
  x.bernoulli_(0.5, &generator);
  CHECK(std::abs(x.mean().item() - 0.5) < 0.1);
  CHECK(normal(5, 2, {10'000}, {.generator = &generator}).mean().item() == Approx(5).margin(0.15));

  const Tensor rows = arange(20, {.dtype = float32}).reshape({10, 2});
  const Tensor some = rows.sample(4, {.seed = 9});
  CHECK(some.shape() == Shape{4, 2});
  CHECK(some.to_vector() == rows.sample(4, {.seed = 9}).to_vector());
  CHECK(std::get<0>(unique(some.select(1, 0))).numel() == 4);
  CHECK(rows.sample(30, {.seed = 1, .replace = true}).shape() == Shape{30, 2});
}

namespace {

/// What f draws in a thread of its own.
template <class F> std::vector<double> in_thread(F f) {
  std::vector<double> drawn;
  std::thread([&] { drawn = f(); }).join();
  return drawn;
}
std::vector<double> some_numbers() { return rand({20}, {.dtype = float64}).to_vector(); }

}  // namespace

// Breaks if threads draw the same numbers, or numbers that the seed of the process does not decide.
TEST_CASE("threads draw from streams of their own, which derive from the seed of the process") {
  const auto of_stream = [](std::uint64_t seed) {
    Generator generator(seed);
    return rand({20}, {.dtype = float64, .generator = &generator}).to_vector();
  };
  const auto ensemble = [&](std::uint64_t seed) {
    manual_seed(seed);
    std::vector<std::vector<double>> members;
    for (int i = 0; i < 4; ++i) members.push_back(in_thread(some_numbers));
    members.push_back(some_numbers());
    return members;
  };
  const std::vector<std::vector<double>> a = ensemble(42), again = ensemble(42), b = ensemble(43);
  CHECK(a == again);
  CHECK(a.back() == of_stream(42));
  std::set<std::vector<double>> different(a.begin(), a.end());
  different.insert(b.begin(), b.end());
  different.insert(of_stream(0));
  CHECK(different.size() == a.size() + b.size() + 1);

  // A thread that seeds itself has stream s, and takes no place in the order of the others.
  manual_seed(42);
  CHECK(in_thread(some_numbers) == a[0]);
  CHECK(in_thread([] {
          manual_seed(7);
          return some_numbers();
        }) == of_stream(7));
  manual_seed(42);
  in_thread([] { return std::vector<double>(); });  // draws nothing
  CHECK(in_thread([] {
          Generator own(5);
          return rand({20}, {.dtype = float64, .generator = &own}).to_vector();
        }) == of_stream(5));
  CHECK(in_thread(some_numbers) == a[0]);

  // Seeding again changes nothing for a thread that draws already.
  manual_seed(42);
  std::vector<double> before, after;
  std::thread([&] {
    before = some_numbers();
    std::thread([] { manual_seed(9); }).join();
    after = some_numbers();
  }).join();
  CHECK(before == a[0]);
  manual_seed(42);
  CHECK(in_thread([] {
          some_numbers();
          return some_numbers();
        }) == after);
}

// Breaks if two threads that share a generator are given the same place in its stream.
TEST_CASE("threads that share a generator draw different numbers of one stream") {
  constexpr std::size_t threads = 4, draws = 5000;
  Generator shared(11), alone(11);
  std::vector<std::vector<std::uint64_t>> drawn(threads);
  std::vector<std::thread> running;
  for (std::vector<std::uint64_t>& mine : drawn)
    running.emplace_back([&] {
      for (std::size_t i = 0; i < draws; ++i) mine.push_back(shared.next());
    });
  for (std::thread& thread : running) thread.join();
  std::vector<std::uint64_t> all, want;
  for (const std::vector<std::uint64_t>& mine : drawn) all.insert(all.end(), mine.begin(), mine.end());
  for (std::size_t i = 0; i < threads * draws; ++i) want.push_back(alone.next());
  std::sort(all.begin(), all.end());
  std::sort(want.begin(), want.end());
  CHECK(all == want);
}

// Breaks if nonsense is accepted.
TEST_CASE("bad arguments of random functions are named") {
  CHECK_ERROR(rand({2}, {.dtype = int64}), DtypeError, "[rand]", "int64", "float32");
  CHECK_ERROR(randn({-1}), ShapeError, "-1");
  CHECK_ERROR(randint(3, 3, {1}), ValueError, "[randint]", "low is 3", "high is 3");
  CHECK_ERROR(randint(0, 300, {1}, {.dtype = uint8}), ValueError, "[randint]", "uint8");
  CHECK_ERROR(randperm(-1), ValueError, "[randperm]", "-1");
  CHECK_ERROR(choice(zeros({0}), 1), ValueError, "[choice]", "no values");
  CHECK_ERROR(choice(zeros({2, 2}), 1), ShapeError, "[choice]", "[2, 2]");
  CHECK_ERROR(choice(zeros({2}), 3, {.replace = false}), ValueError, "[choice]", "3", "2", "replace");
  CHECK_ERROR(choice(zeros({2}), 1, {.p = tensor({1, 2, 3})}), ShapeError, "[choice]", "[3]");
  CHECK_ERROR(choice(zeros({2}), 1, {.p = tensor({1, -2})}), ValueError, "[choice]", "-2");
  CHECK_ERROR(choice(zeros({2}), 1, {.p = tensor({0, 0})}), ValueError, "[choice]", "sum to 0");
  CHECK_ERROR(choice(zeros({2}), 2, {.replace = false, .p = tensor({0, 1})}), ValueError, "[choice]",
              "positive weight");
  CHECK_ERROR(bernoulli(tensor({0.5, 1.5})), ValueError, "[bernoulli]", "1.5");
  CHECK_ERROR(bernoulli(tensor({0.5, std::nan("")})), ValueError, "[bernoulli]");
  CHECK_ERROR(normal(0, -1, {1}), ValueError, "[normal]", "-1");
  Tensor x = zeros({2});
  CHECK_ERROR(x.uniform_(1, 0), ValueError, "[uniform_]", "low is 1");
  CHECK_ERROR(x.bernoulli_(2), ValueError, "[bernoulli_]", "2");
  CHECK_ERROR(x.sample(3), ValueError, "[sample]", "3", "2");
  CHECK_ERROR(full({}, 1.0).sample(1), ShapeError, "[sample]");
}
