// Training curves.
#pragma once

#include <xgrad/tensor/string_ref.hpp>
#include <xgrad/viz/curves.hpp>
#include <xgrad/viz/figure.hpp>

#include <cstdint>

namespace xg::nn {
class History;
}

namespace xg::viz {

/// Options of history().
struct HistoryOptions {
  bool overlay = false;   ///< one subplot per quantity, training and validation in it, instead of one per data set
  bool log_loss = false;  ///< loss on a log scale
  std::int64_t mark_epoch =
      0;                ///< an epoch (from 1) to mark; of a nn::History whose best weights were put back: that one
  String title = {};    ///< above the picture
  double width = 12;    ///< inches
  double height = 3.6;  ///< inches
  Theme theme = Theme::light;  ///< colours and sizes of text and lines
};

/// Two subplots, Training and Validation (one, where nothing was held out), with the same left axis: the loss in black
/// at the left, the metrics at a right axis labelled Score. Epochs whose values are NaN or infinite are gaps, and a
/// note says of which curve. Throws ValueError where no epoch was recorded, or mark_epoch is none of them.
XG_API Figure history(const nn::History& history, const HistoryOptions& options = {});
/// The same from plain curves.
XG_API Figure history(const EpochCurves& curves, const HistoryOptions& options = {});

}  // namespace xg::viz
