// Rows in batches.
#pragma once

#include <xgrad/nn/data/dataset.hpp>
#include <xgrad/tensor/random.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <cstdint>
#include <iterator>
#include <optional>

namespace xg::nn::data {

/// Tensors whose first dimensions agree: features, targets and, where given, weights of the rows.
class XG_API TensorDataset {
 public:
  /// Throws ShapeError where the numbers of rows differ, or X has no dimension.
  explicit TensorDataset(Tensor X, Tensor y = {}, Tensor weight = {});

  std::int64_t size() const { return X_.size(0); }  ///< the number of rows
  const Tensor& X() const { return X_; }            ///< [rows, ...]
  const Tensor& y() const { return y_; }            ///< may be undefined
  const Tensor& weight() const { return weight_; }  ///< may be undefined

 private:
  Tensor X_, y_, weight_;
};

/// Some rows.
struct Batch {
  Tensor x;            ///< [rows, ...]
  Tensor y = {};       ///< undefined if the data has none
  Tensor weight = {};  ///< undefined if the data has none
};

/// Options of DataLoader.
struct DataLoaderOptions {
  std::int64_t batch_size = 32;            ///< rows in a batch
  bool shuffle = false;                    ///< in a new order each time that begin() is called
  bool drop_last = false;                  ///< leave out a last batch that is smaller
  std::optional<std::uint64_t> seed = {};  ///< a stream of its own; without one `generator` or the default one draws
  Generator* generator = nullptr;          ///< the default generator if null
};

/// `for (const Batch& batch : DataLoader(X, y, {.batch_size = 32, .shuffle = true})) ...`
///
/// Batches of rows in order are views of the data, so do not change them in place; shuffled rows are gathered, several
/// small batches at a time.
class XG_API DataLoader {
 public:
  /// Throws ValueError unless batch_size is positive, ShapeError as TensorDataset.
  explicit DataLoader(TensorDataset dataset, DataLoaderOptions options = {});
  /// The same of tensors.
  DataLoader(Tensor X, Tensor y, DataLoaderOptions options = {});
  /// The same of what an Encoder made: its X and y.
  explicit DataLoader(const Dataset& dataset, DataLoaderOptions options = {});

  /// Batches in one round.
  std::int64_t size() const;
  const TensorDataset& dataset() const { return dataset_; }  ///< the data

  /// What an iterator at its end equals.
  struct End {};
  /// Goes through one round. It refers to the loader, which must outlive it.
  class XG_API Iterator {
   public:
    using iterator_category = std::input_iterator_tag;  ///< it goes once, forwards
    using value_type = Batch;                           ///< what it gives
    using difference_type = std::ptrdiff_t;             ///< for the standard library
    using pointer = const Batch*;                       ///< for the standard library
    using reference = const Batch&;                     ///< for the standard library

    const Batch& operator*() const { return batch_; }    ///< the batch; valid until the next step
    const Batch* operator->() const { return &batch_; }  ///< the batch; valid until the next step
    Iterator& operator++();                              ///< to the next batch
    void operator++(int) { ++*this; }                    ///< to the next batch
    friend bool operator==(const Iterator& it, End) { return it.start_ >= it.stop_; }  ///< have all batches been given?

   private:
    friend class DataLoader;
    Iterator(const TensorDataset& dataset, Tensor order, std::int64_t batch_size, std::int64_t stop);
    void load();

    const TensorDataset* dataset_;
    Tensor order_;  // the rows' numbers, or undefined for the given order
    std::int64_t batch_size_;
    std::int64_t start_ = 0, stop_;
    std::int64_t block_start_ = 0, block_stop_ = 0;  // the rows that block_ holds
    Batch block_;
    Batch batch_;
  };

  Iterator begin();               ///< starts a round; with shuffle in a new order
  End end() const { return {}; }  ///< for every round

 private:
  TensorDataset dataset_;
  DataLoaderOptions options_;
  std::optional<Generator> own_;
};

}  // namespace xg::nn::data
