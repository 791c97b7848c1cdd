// From a table to tensors, by what the training rows alone teach.
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

/// What happens to columns of numbers.
enum class Scaling : std::uint8_t {
  standard,  ///< (x - mean) / standard deviation
  min_max,   ///< (x - min) / (max - min)
  none,      ///< x
};

/// What the target column is.
enum class TargetKind : std::uint8_t {
  automatic,  ///< numbers for a column of numbers, classes for text and booleans
  number,     ///< numbers
  classes,    ///< classes
};

/// What a level of text becomes that the training rows do not have.
enum class UnknownPolicy : std::uint8_t {
  zeros,  ///< 0 in all features of the column
  error,  ///< a ValueError
};

/// Options of Encoder.
struct EncoderOptions {
  String target = {};                              ///< the column to predict; none: features only
  bool scale_target = false;                       ///< standardize it, for regression
  Scaling scaling = Scaling::standard;             ///< of columns of numbers
  StringList drop = {};                            ///< columns to leave out
  TargetKind target_kind = TargetKind::automatic;  ///< what the target column is
  bool missing_indicator = false;                  ///< a 0/1 feature `age_missing` beside numbers of which some miss
  UnknownPolicy unknown = UnknownPolicy::zeros;    ///< what a level becomes that the training rows do not have
  std::int64_t max_levels = 100;    ///< a text column with more is an error, as names and ticket numbers are
  std::optional<Dtype> dtype = {};  ///< of X and of a y of numbers; default_dtype() in fit if not given
};

/// Learns from training rows how to encode any rows.
///
/// * Numbers: the training median where missing, then scaled. A constant column becomes 0 unless scaling is none.
/// * Booleans: 0 or 1, not scaled, the more frequent one where missing.
/// * Text: one 0/1 feature per level, `gender_female`, `gender_male`, in the order of their bytes. A missing value is a
///   level of its own, `cabin_missing`, if training rows miss some; else it is treated as an unknown level.
/// * Names: a number or boolean has its column's name; no derived feature has the name of a column or of another
///   feature, it then gets `_2`, `_3`, ... at its end.
/// * Kinds are those of the training rows. A column of text takes the cells of later rows as they are spelled, whatever
///   kind they were read as: 01 among 01, 02 and A1 stays that level in a file of numbers alone. A column of numbers or
///   booleans takes text that spells some.
/// * Target: numbers as they are (standardized on request) [rows, 1]; two classes 0/1 [rows, 1]; more classes their
///   indices, int64 [rows]. Classes are the sorted levels.
class XG_API Encoder {
 public:
  Encoder() : Encoder(EncoderOptions{}) {}  ///< with default options
  /// Throws DtypeError for a dtype that is not floating, ValueError for scale_target without a target.
  explicit Encoder(EncoderOptions options);
  /// Encoder({}) means no options, not a copy of Encoder().
  explicit Encoder(NoOptions) : Encoder() {}

  /// Throws IndexError for a column that is not there, ValueError for no rows, a missing or infinite target, one class
  /// only, a scaled target that is no number, a column without any value, infinite values, too many levels.
  Encoder& fit(const Table& table);
  /// Encodes by what fit learned; columns that fit did not see are ignored. Without the target column y is undefined.
  /// Throws Error before fit, IndexError for a missing column, DtypeError for text where there were numbers and for
  /// numbers but 0 and 1 where there were booleans, ValueError for a class that fit did not see and, if asked for, for
  /// an unknown level.
  Dataset transform(const Table& table) const;
  Dataset fit_transform(const Table& table);  ///< fit, then transform of the same rows

  bool fitted() const { return plan_ != nullptr; }  ///< has fit been called?
  /// The line that takes an encoded target, or a prediction of it, back to the units of the table.
  Affine target_scale() const;
  /// The names of the classes in the order of their indices; empty for a target of numbers.
  const std::vector<std::string>& classes() const;
  const std::vector<std::string>& feature_names() const;      ///< of the columns of X; Error before fit
  const std::vector<FeatureGroup>& feature_groups() const;    ///< one per source column; Error before fit
  const EncoderOptions& options() const { return options_; }  ///< those it was made with

 private:
  struct Plan;
  const Plan& plan(const char* method) const;

  EncoderOptions options_;
  std::shared_ptr<const Plan> plan_;
};

}  // namespace xg::nn::data
