// Rows of views, and of ops that join, repeat or pad.
#include "conformance/ops_table.hpp"

namespace xg_conformance {

using namespace xg;  // NOLINT: every row calls it

namespace {

template <Tensor (*f)(const std::vector<Tensor>&)> Outputs joined(A a) { return f(a.tensors("tensors")); }

/// atleast_1d and its like take one tensor or a list.
template <Tensor (*f)(const Tensor&)> Outputs each(A a) {
  std::vector<Tensor> out;
  for (const Tensor& x : a.tensors("tensors")) out.push_back(f(x));
  return out;
}

Outputs padded(A a) {
  const std::string mode = a.text("mode", "constant");
  const PadMode pad_mode = mode == "constant"    ? PadMode::constant
                           : mode == "reflect"   ? PadMode::reflect
                           : mode == "replicate" ? PadMode::replicate
                                                 : PadMode::circular;
  return pad(a.tensor("x"), a.integers("pad"), pad_mode, a.number("value", 0));
}

Outputs split_tensor(A a) {
  const std::int64_t dim = a.integer("dim", 0);
  const Tensor& x = a.tensor("x");
  if (!a.tensor_given("sections") && !a.list_given("sections")) return tensor_split(x, a.integer("sections"), dim);
  const auto borders =
      a.tensor_given("sections") ? a.tensor("sections").to_vector<std::int64_t>() : a.integers("sections");
  if (a.tensor_given("sections") && a.tensor("sections").dim() == 0) return tensor_split(x, borders.at(0), dim);
  return tensor_split(x, borders, dim);
}

Outputs meshed(const std::vector<Tensor>& tensors, A a) {
  return meshgrid(tensors, a.text("indexing", "ij") == "xy" ? Indexing::xy : Indexing::ij);
}

const OpRow table[] = {
    {"unfold", "x dimension size step",
     [](A a) -> Outputs {
       return unfold(a.tensor("x"), a.integer("dimension"), a.integer("size"), a.integer("step"));
     }},
    {"rot90", "x k dims",
     [](A a) -> Outputs {
       return rot90(a.tensor("x"), a.integer("k", 1), a.has("dims") ? a.dims("dims") : Dims{0, 1});
     }},
    {"block_diag", "*tensors", joined<block_diag>},
    {"cartesian_prod", "*tensors", joined<cartesian_prod>},
    {"combinations", "x r with_replacement",
     [](A a) -> Outputs { return combinations(a.tensor("x"), a.integer("r", 2), a.flag("with_replacement")); }},
    // ---- shape
    {"reshape", "x *shape", [](A a) -> Outputs { return reshape(a.tensor("x"), a.shape("shape")); }},
    {"view", "x *shape", [](A a) -> Outputs { return view(a.tensor("x"), a.shape("shape")); }},
    {"flatten", "x start_dim end_dim",
     [](A a) -> Outputs { return flatten(a.tensor("x"), a.integer("start_dim", 0), a.integer("end_dim", -1)); }},
    {"unflatten", "x dim sizes",
     [](A a) -> Outputs { return unflatten(a.tensor("x"), a.integer("dim"), a.shape("sizes")); }},
    {"ravel", "x", unary<ravel>},
    {"transpose", "x dim0 dim1",
     [](A a) -> Outputs { return transpose(a.tensor("x"), a.integer("dim0"), a.integer("dim1")); }},
    {"permute", "x *dims", [](A a) -> Outputs { return permute(a.tensor("x"), a.dims("dims")); }},
    {"movedim", "x source destination",
     [](A a) -> Outputs { return movedim(a.tensor("x"), a.dims("source"), a.dims("destination")); }},
    {"t", "x", unary<t>},
    {"T", "x",
     [](A a) -> Outputs {
       Dims reversed;
       for (std::int64_t d = a.tensor("x").dim(); d-- > 0;) reversed.push_back(d);
       return permute(a.tensor("x"), reversed);
     }},
    {"mT", "x", [](A a) -> Outputs { return a.tensor("x").mT(); }},
    {"squeeze", "x dim",
     [](A a) -> Outputs { return a.has("dim") ? squeeze(a.tensor("x"), a.dims("dim")) : squeeze(a.tensor("x")); }},
    {"squeeze.multiple", "x dim", [](A a) -> Outputs { return squeeze(a.tensor("x"), a.dims("dim")); }},
    {"unsqueeze", "x dim", [](A a) -> Outputs { return unsqueeze(a.tensor("x"), a.integer("dim")); }},
    {"expand", "x *size", [](A a) -> Outputs { return expand(a.tensor("x"), a.shape("size")); }},
    {"expand_as", "x other", [](A a) -> Outputs { return a.tensor("x").expand_as(a.tensor("other")); }},
    {"broadcast_to", "x size", [](A a) -> Outputs { return broadcast_to(a.tensor("x"), a.shape("size")); }},
    {"broadcast_tensors", "*tensors", [](A a) -> Outputs { return broadcast_tensors(a.tensors("tensors")); }},
    {"slice", "x dim start stop step",
     [](A a) -> Outputs {
       const std::int64_t dim = a.integer("dim", 0), n = a.tensor("x").size(dim);
       return slice(a.tensor("x"), dim, a.integer("start", 0), a.integer("stop", n), a.integer("step", 1));
     }},
    {"select", "x dim index",
     [](A a) -> Outputs { return select(a.tensor("x"), a.integer("dim"), a.integer("index")); }},
    {"narrow", "x dim start length",
     [](A a) -> Outputs { return narrow(a.tensor("x"), a.integer("dim"), a.integer("start"), a.integer("length")); }},
    {"diagonal", "x offset dim1 dim2",
     [](A a) -> Outputs {
       return diagonal(a.tensor("x"), a.integer("offset", 0), a.integer("dim1", 0), a.integer("dim2", 1));
     }},
    {"split", "x size dim",
     [](A a) -> Outputs { return split(a.tensor("x"), a.integer("size"), a.integer("dim", 0)); }},
    {"split.list_args", "x sizes dim",
     [](A a) -> Outputs { return split(a.tensor("x"), a.integers("sizes"), a.integer("dim", 0)); }},
    {"split_with_sizes", "x sizes dim",
     [](A a) -> Outputs { return split(a.tensor("x"), a.integers("sizes"), a.integer("dim", 0)); }},
    {"chunk", "x chunks dim",
     [](A a) -> Outputs { return chunk(a.tensor("x"), a.integer("chunks"), a.integer("dim", 0)); }},
    {"tensor_split", "x sections dim", split_tensor},
    {"unbind", "x dim", [](A a) -> Outputs { return unbind(a.tensor("x"), a.integer("dim", 0)); }},
    {"atleast_1d", "*tensors", each<atleast_1d>},
    {"atleast_2d", "*tensors", each<atleast_2d>},
    {"atleast_3d", "*tensors", each<atleast_3d>},
    {"contiguous", "x", unary<contiguous>},
    {"clone", "x", unary<clone>},

    // ---- joining
    {"cat", "tensors dim", [](A a) -> Outputs { return cat(a.tensors("tensors"), a.integer("dim", 0)); }},
    {"stack", "tensors dim", [](A a) -> Outputs { return stack(a.tensors("tensors"), a.integer("dim", 0)); }},
    {"hstack", "tensors", joined<hstack>},
    {"vstack", "tensors", joined<vstack>},
    {"dstack", "tensors", joined<dstack>},
    {"column_stack", "tensors", joined<column_stack>},
    {"repeat", "x *repeats", [](A a) -> Outputs { return repeat(a.tensor("x"), a.shape("repeats")); }},
    {"tile", "x dims", [](A a) -> Outputs { return tile(a.tensor("x"), a.shape("dims")); }},
    {"repeat_interleave", "x repeats dim",
     [](A a) -> Outputs {
       if (a.tensor_given("repeats"))
         return repeat_interleave(a.tensor("x"), a.tensor("repeats"), a.optional_integer("dim"));
       return repeat_interleave(a.tensor("x"), a.integer("repeats"), a.optional_integer("dim"));
     }},
    {"flip", "x *dims", [](A a) -> Outputs { return flip(a.tensor("x"), a.dims("dims")); }},
    {"fliplr", "x", unary<fliplr>},
    {"flipud", "x", unary<flipud>},
    {"roll", "x shifts dims", [](A a) -> Outputs { return roll(a.tensor("x"), a.dims("shifts"), a.dims("dims")); }},
    {"tril", "x diagonal", [](A a) -> Outputs { return tril(a.tensor("x"), a.integer("diagonal", 0)); }},
    {"triu", "x diagonal", [](A a) -> Outputs { return triu(a.tensor("x"), a.integer("diagonal", 0)); }},
    {"diag", "x diagonal", [](A a) -> Outputs { return diag(a.tensor("x"), a.integer("diagonal", 0)); }},
    {"diag_embed", "x offset dim1 dim2",
     [](A a) -> Outputs {
       return diag_embed(a.tensor("x"), a.integer("offset", 0), a.integer("dim1", -2), a.integer("dim2", -1));
     }},
    {"diagflat", "x offset", [](A a) -> Outputs { return diagflat(a.tensor("x"), a.integer("offset", 0)); }},
    {"diff", "x n dim prepend append",
     [](A a) -> Outputs {
       return diff(a.tensor("x"), a.integer("n", 1), a.integer("dim", -1), a.optional_tensor("prepend"),
                   a.optional_tensor("append"));
     }},
    {"meshgrid.list_of_tensors", "tensors indexing", [](A a) -> Outputs { return meshed(a.tensors("tensors"), a); }},
    {"meshgrid.variadic_tensors", "*tensors indexing", [](A a) -> Outputs { return meshed(a.tensors("tensors"), a); }},
    {"nn.functional.pad.constant", "x pad mode value", padded},
    {"nn.functional.pad.reflect", "x pad mode value", padded},
    {"nn.functional.pad.replicate", "x pad mode value", padded},
    {"nn.functional.pad.replicate_negative", "x pad mode value", padded},
    {"nn.functional.pad.circular", "x pad mode value", padded},
};

}  // namespace

std::span<const OpRow> shape_rows() { return table; }

}  // namespace xg_conformance
