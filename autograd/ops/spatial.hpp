// Arguments of ops on images and sequences: numbers for each spatial dimension.
#pragma once

#include <xgrad/tensor/export.hpp>
#include <xgrad/tensor/shape.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace xg {

/// A number for each spatial dimension, or one for all of them: `{.stride = 2}`, `{.stride = {2, 1}}`.
struct PerDim : Shape {
  PerDim() = default;  ///< none, which options read as their default
  /// One number for all dimensions.
  template <std::integral T> PerDim(T n) : Shape({static_cast<std::int64_t>(n)}) {}  // NOLINT: one number is a list
  PerDim(std::initializer_list<std::int64_t> numbers) : Shape(numbers) {}            ///< one for each
  /// The numbers of a vector.
  PerDim(const std::vector<std::int64_t>& numbers) : Shape(numbers) {}  // NOLINT
};

/// The padding of a convolution: numbers, or "valid" (none), or "same", with which the result has the size of the
/// input; of an odd number of zeros the larger half comes after.
struct XG_API ConvPadding : PerDim {
  bool same = false;  ///< whether it is "same"

  ConvPadding() : PerDim(0) {}  ///< none
  using PerDim::PerDim;
  /// Numbers.
  ConvPadding(const PerDim& numbers) : PerDim(numbers) {}  // NOLINT
  /// "same" or "valid". Throws ValueError for any other text.
  template <TextArgument S> ConvPadding(const S& name) : ConvPadding(named(StringRef(name))) {}  // NOLINT

 private:
  static ConvPadding named(std::string_view name);
};

/// The size of a result for each spatial dimension, or one for all of them. Where it is nullopt the input's is kept:
/// `{7, std::nullopt}`.
struct OutputSize {
  std::vector<std::optional<std::int64_t>> sizes;  ///< one, or one for each dimension

  /// One size for all dimensions.
  template <std::integral T> OutputSize(T size) : sizes{static_cast<std::int64_t>(size)} {}  // NOLINT
  OutputSize(std::initializer_list<std::optional<std::int64_t>> list) : sizes(list) {}       ///< one for each
  /// The sizes of a vector.
  OutputSize(const std::vector<std::int64_t>& list) : sizes(list.begin(), list.end()) {}  // NOLINT
  /// Takes over the sizes.
  OutputSize(std::vector<std::optional<std::int64_t>> list) : sizes(std::move(list)) {}  // NOLINT
};

/// A factor for each spatial dimension, or one for all of them: `{.scale_factor = 2}`, `{.scale_factor = {2, 1.5}}`.
struct ScaleFactor {
  std::vector<double> factors;  ///< one, or one for each dimension; none is not given

  ScaleFactor() = default;  ///< not given
  /// One factor for all dimensions.
  template <class T>
    requires(std::integral<T> || std::floating_point<T>)
  ScaleFactor(T factor) : factors{static_cast<double>(factor)} {}     // NOLINT
  ScaleFactor(std::initializer_list<double> list) : factors(list) {}  ///< one for each
  /// Takes over the factors.
  ScaleFactor(std::vector<double> list) : factors(std::move(list)) {}  // NOLINT
};

}  // namespace xg
