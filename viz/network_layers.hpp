// What the pictures of networks draw: plain layers. A module turns into them; your own numbers may too.
#pragma once

#include <xgrad/tensor/export.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace xg::viz {

/// One column of the picture.
struct NetworkLayer {
  std::string name;
  std::int64_t in = 0;       ///< numbers that go in
  std::int64_t neurons = 0;  ///< units; 0 for layers without (dropout, normalization) and for the input
  std::int64_t out = 0;      ///< numbers that come out: the circles of the column
  std::optional<std::string> activation = {};
  std::vector<double> weights = {};  ///< [out, in], row after row; empty: unknown
  std::vector<double> bias = {};     ///< [out]; empty: none
};

/// One box of plot_model.
struct ModelBox {
  std::string name;
  std::string type;
  std::string input = {};        ///< shape, as text
  std::string output = {};       ///< shape, as text
  std::int64_t parameters = 0;
  std::string detail = {};       ///< activation, rate, ...
  std::vector<std::size_t> from = {};  ///< boxes whose output goes in; for the first of a chain: none
};

}  // namespace xg::viz
