// Tensors in files: safetensors, NumPy's npy and npz, numeric CSV. Readers trust no input: lengths, offsets, shapes and
// dtypes are checked before memory is allocated, and every defect is an IoError that names the file and the problem.
// Writers replace a file completely or leave it as it was (tensor/io/atomic_file.hpp).
#pragma once

#include <xgrad/tensor/state_dict.hpp>
#include <xgrad/tensor/string_ref.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace xg {

/// The content of a safetensors file.
struct Safetensors {
  StateDict tensors;                            ///< by name
  std::map<std::string, std::string> metadata;  ///< texts by name: the format's __metadata__
};

/// Writes tensors as BOOL, U8, I32, I64, F32 or F64. The bytes are a function of the content alone: tensors are ordered
/// by decreasing element size, then by name. Throws ValueError for an undefined tensor, the name "__metadata__" or text
/// that is not UTF-8; IoError where the file cannot be written.
XG_API void save_safetensors(const String& path, const StateDict& tensors,
                             const std::map<std::string, std::string>& metadata = {});
/// Reads a safetensors file. Unsupported dtypes are widened: F16 and BF16 to float32, I8, I16 and U16 to int32, U32 and
/// U64 to int64. Throws IoError for a file that is not whole, consistent safetensors, and for unsigned numbers beyond
/// int64.
XG_API Safetensors load_safetensors(const String& path);

/// Writes NumPy's npy format, version 1.0, row-major. Throws ValueError for an undefined tensor, IoError where the file
/// cannot be written.
XG_API void save_npy(const String& path, const Tensor& tensor);
/// Reads npy files of bools, integers and floating-point numbers in either byte order and either element order; dtypes
/// are widened as by load_safetensors. Throws IoError for anything else.
XG_API Tensor load_npy(const String& path);

/// Writes NumPy's npz format: a zip archive with NAME.npy for every tensor, not compressed. Throws ValueError for an
/// undefined tensor or a name that a zip archive cannot have, IoError where the file cannot be written.
XG_API void save_npz(const String& path, const StateDict& tensors);
/// Reads npz files, also compressed ones; dtypes are widened as by load_safetensors. Throws IoError for a file that is
/// not a zip archive of readable npy files.
XG_API StateDict load_npz(const String& path);

/// The default words for a missing value, the same as in pandas: "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN",
/// "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan" and "null".
XG_API const std::vector<std::string>& csv_missing_words();

/// Options of load_csv().
struct CsvOptions {
  /// Whether the first row is a header. Without a value it is one if no cell is a number and at least one is a name,
  /// and data if every cell is a number or missing; anything else is an error.
  std::optional<bool> header = {};
  char delimiter = ',';                      ///< separates two cells
  std::optional<Dtype> dtype = {};           ///< default_dtype() if not given
  char decimal = '.';                        ///< the decimal point
  std::optional<char> thousands = {};        ///< separates groups of digits, as in 1,000
  std::optional<char> comment = {};          ///< begins a comment, which lasts to the end of the line
  StringList missing = csv_missing_words();  ///< cells that are NaN, quoted or not
  char quote = '"';                          ///< around a cell that holds a delimiter, a quote or a line break
};
/// A table of numbers.
struct NumericTable {
  Tensor values;                     ///< [rows, columns]
  std::vector<std::string> columns;  ///< empty without a header
};

/// Writes a tensor of one or two dimensions, one row per line, after a line of names if `columns` are given. Numbers
/// have as many digits as it takes to read back the same value. Names that are numbers are read as data unless load_csv
/// has .header = true. Throws ShapeError for tensors of other dimensions and for a number of names that is not that of
/// the columns, IoError where the file cannot be written.
XG_API void save_csv(const String& path, const Tensor& tensor, const StringList& columns = {}, char delimiter = ',');
/// Reads a table of numbers from a file in UTF-8, as nn::data::read_csv reads lines, quotes, comments, names and
/// missing values. A number beyond the range of double is 0 or infinity. Throws IoError, naming line and column, for a
/// cell that is not a number or does not fit the dtype, an integer beyond 2^53 that the dtype would round, rows of
/// unequal lengths, and a first row that may be a header or data; ValueError for contradictory options.
XG_API NumericTable load_csv(const String& path, CsvOptions options = {});

}  // namespace xg
