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
  bool overlay = false;         ///< one subplot per quantity with training and validation, not one per data set
  bool log_loss = false;        ///< loss on a log scale
  std::int64_t mark_epoch = 0;  ///< an epoch to mark, from 1; 0: the best one, if its weights were restored
  String title = {};            ///< above the picture
  double width = 12;            ///< inches
  double height = 3.6;          ///< inches
  Theme theme = Theme::light;   ///< colours and sizes of text and lines
};

/// Draws the curves of a training in two subplots, Training and Validation (one if there is no validation data), with a
/// shared left axis: the loss in black at the left axis, metrics at a right axis labelled Score, both over epochs from
/// 1. Epochs whose values are not finite leave gaps, and a note names the curve. Throws ValueError if no epoch was
/// recorded, and for a mark_epoch that is not from 0 to the number of epochs.
XG_API Figure history(const nn::History& history, const HistoryOptions& options = {});
/// The same from plain curves.
XG_API Figure history(const EpochCurves& curves, const HistoryOptions& options = {});

}  // namespace xg::viz
