// What the pictures of networks draw: plain layers. A module turns into them; your own numbers may too.
#pragma once

#include <xgrad/tensor/export.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace xg::viz {

/// One layer of the picture of a network.
struct NetworkLayer {
  String name;               ///< below or above the column
  std::int64_t in = 0;       ///< numbers that go in
  std::int64_t neurons = 0;  ///< units; 0 for layers without (dropout, normalization) and for the input
  std::int64_t out = 0;      ///< numbers that come out: the circles of the column
  std::optional<std::string> activation = {};  ///< its name; none for layers without
  std::vector<double> weights = {};            ///< [out, in], row after row; empty: unknown
  std::vector<double> bias = {};               ///< [out]; empty: none
  /// Layers whose numbers go in, by their place in the list; empty: the one before (of the first: none). Layers must
  /// come after those.
  std::vector<std::size_t> from = {};
  bool is_input = false;  ///< nothing goes in
};

/// One box of plot_model.
struct ModelBox {
  String name;                         ///< of the layer
  String type;                         ///< its class: "Dense"
  String input = {};                   ///< shape, as text
  String output = {};                  ///< shape, as text
  std::int64_t parameters = 0;         ///< their number
  String detail = {};                  ///< activation, rate, ...
  std::vector<std::size_t> from = {};  ///< earlier boxes whose output goes in
};

}  // namespace xg::viz
