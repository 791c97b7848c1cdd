// Encodes tables as tensors, with statistics of the training rows alone.
#pragma once

#include <xgrad/nn/data/dataset.hpp>
#include <xgrad/tensor/no_options.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace xg::nn::data {

/// How columns of numbers are scaled.
enum class Scaling : std::uint8_t {
  standard,  ///< (x - mean) / standard deviation
  min_max,   ///< (x - min) / (max - min)
  none,      ///< x
};

/// The kind of the target.
enum class TargetKind : std::uint8_t {
  automatic,  ///< numbers for a column of numbers, classes for text and booleans
  number,     ///< numbers
  classes,    ///< classes
};

/// How to encode a level of text that does not occur in the training rows.
enum class UnknownPolicy : std::uint8_t {
  zeros,  ///< 0 in all features of the column
  error,  ///< throw a ValueError
};

/// Options of Encoder.
struct EncoderOptions {
  String target = {};                              ///< the column to predict; if empty, there are only features
  bool scale_target = false;                       ///< standardize it, for regression
  Scaling scaling = Scaling::standard;             ///< how columns of numbers are scaled
  StringList drop = {};                            ///< columns to leave out
  TargetKind target_kind = TargetKind::automatic;  ///< the kind of the target
  bool missing_indicator = false;                  ///< add a 0/1 feature `age_missing` for numbers with missing values
  UnknownPolicy unknown = UnknownPolicy::zeros;    ///< how to encode levels that the training rows do not have
  std::int64_t max_levels = 100;                   ///< maximum for a text column; names and ticket numbers have more
  std::optional<Dtype> dtype = {};  ///< dtype of X and of a y of numbers; if empty, default_dtype() in fit
};

/// Learns an encoding from training rows and applies it to any rows.
///
/// * Numbers: missing values become the median of the training rows, then all are scaled. A constant column becomes 0
///   unless scaling is none.
/// * Booleans become 0 or 1, not scaled; missing values become the more frequent one.
/// * Text becomes one 0/1 feature per level, `gender_female`, `gender_male`, in the order of their bytes. A missing
/// value
///   is a level of its own, `cabin_missing`, if training rows have missing values, else an unknown level.
/// * Names: the feature of a number or boolean has its column's name. If the name of a derived feature equals that of a
///   column or another feature, `_2`, `_3`, ... is appended.
/// * The kind of a column is that in the training rows. A column of text takes the cells of later rows as they are
///   spelled, whatever their kind: the level 01 of the levels 01, 02 and A1 stays 01 in a file with only numbers. A
///   column of numbers or booleans also takes text that can be read as such.
/// * Target: numbers are unchanged, or standardized if requested, [rows, 1]; two classes become 0 and 1, [rows, 1];
/// more
///   classes become their indices, int64 [rows]. Classes are the sorted levels.
class XG_API Encoder {
 public:
  Encoder() : Encoder(EncoderOptions{}) {}  ///< with default options
  /// Throws DtypeError for a dtype that is not floating, ValueError for scale_target without a target.
  explicit Encoder(EncoderOptions options);
  /// Encoder({}) means no options, not a copy of Encoder().
  explicit Encoder(NoOptions) : Encoder() {}

  /// Learns the encoding and returns *this. Throws IndexError for a column that does not exist, ValueError for no rows,
  /// a missing or infinite target, a single class, scale_target where the target is not a number, a column without
  /// values, infinite values, too many levels.
  Encoder& fit(const Table& table);
  /// Encodes rows as fit learned it; X is [rows, features]. Columns that fit did not see are ignored, and y is
  /// undefined without the target column. Throws Error before fit, IndexError for a missing column, DtypeError for text
  /// in a column of numbers and for numbers other than 0 and 1 in a column of booleans, ValueError for a class that fit
  /// did not see, infinite values and, with UnknownPolicy::error, an unknown level.
  Dataset transform(const Table& table) const;
  Dataset fit_transform(const Table& table);  ///< fit(table), then transform(table)

  bool fitted() const { return plan_ != nullptr; }  ///< has fit been called?
  /// The map from an encoded target, or a prediction of it, back to the units of the table. Error before fit.
  Affine target_scale() const;
  /// The names of the classes in the order of their indices; empty for a target of numbers. Error before fit.
  const std::vector<std::string>& classes() const;
  const std::vector<std::string>& feature_names() const;      ///< names of the columns of X; Error before fit
  const std::vector<FeatureGroup>& feature_groups() const;    ///< one per source column; Error before fit
  const EncoderOptions& options() const { return options_; }  ///< the options it was made with

 private:
  struct Plan;
  const Plan& plan(const char* method) const;

  EncoderOptions options_;
  std::shared_ptr<const Plan> plan_;
};

}  // namespace xg::nn::data
