// Calls of views, of ops that join or repeat, and of padding.
#include "misuse/calls.hpp"

using namespace xg;

namespace xg_test {

std::vector<Call> shape_calls() {
  return {
      // clang-format off
      {"ravel", unary<ravel>},
      {"t", unary<t>},
      {"atleast_1d", unary<atleast_1d>},
      {"atleast_2d", unary<atleast_2d>},
      {"atleast_3d", unary<atleast_3d>},
      {"contiguous", unary<contiguous>},
      {"clone", unary<clone>},
      {"detach", unary<detach>},
      {"fliplr", unary<fliplr>},
      {"flipud", unary<flipud>},
      {"reshape", [](Draw& d) { return list(reshape(d.tensor(), d.shape())); }},
      {"view", [](Draw& d) { return list(view(d.tensor(), d.shape())); }, false},
      {"flatten", [](Draw& d) { return list(flatten(d.tensor(), d.dim(), d.dim())); }},
      {"unflatten", [](Draw& d) { return list(unflatten(d.tensor(), d.dim(), d.shape())); }},
      {"transpose", [](Draw& d) { return list(transpose(d.tensor(), d.dim(), d.dim())); }},
      {"permute", [](Draw& d) { return list(permute(d.tensor(), d.dims())); }},
      {"movedim", [](Draw& d) { return list(movedim(d.tensor(), d.dims(), d.dims())); }},
      {"squeeze", unary<squeeze>},
      {"squeeze dims", [](Draw& d) { return list(squeeze(d.tensor(), d.dims())); }},
      {"unsqueeze", [](Draw& d) { return list(unsqueeze(d.tensor(), d.dim())); }},
      {"expand", [](Draw& d) { return list(expand(d.tensor(), d.shape())); }},
      {"broadcast_to", [](Draw& d) { return list(broadcast_to(d.tensor(), d.shape())); }},
      {"broadcast_tensors", [](Draw& d) { return list(broadcast_tensors(d.tensors())); }},
      {"slice", [](Draw& d) { return list(slice(d.tensor(), d.dim(), d.integer(), d.integer(), d.integer())); }},
      {"select", [](Draw& d) { return list(select(d.tensor(), d.dim(), d.integer())); }},
      {"narrow", [](Draw& d) { return list(narrow(d.tensor(), d.dim(), d.integer(), d.integer())); }},
      {"diagonal", [](Draw& d) { return list(diagonal(d.tensor(), d.integer(), d.dim(), d.dim())); }},
      {"split", [](Draw& d) { return list(split(d.tensor(), d.integer(), d.dim())); }},
      {"split sizes", [](Draw& d) { return list(split(d.tensor(), d.integers(), d.dim())); }},
      {"chunk", [](Draw& d) { return list(chunk(d.tensor(), d.integer(), d.dim())); }},
      {"tensor_split", [](Draw& d) { return list(tensor_split(d.tensor(), d.integer(), d.dim())); }},
      {"tensor_split indices", [](Draw& d) { return list(tensor_split(d.tensor(), d.integers(), d.dim())); }},
      {"unbind", [](Draw& d) { return list(unbind(d.tensor(), d.dim())); }},
      {"to", [](Draw& d) { return list(to(d.tensor(), d.dtype())); }},
      {"mT", [](Draw& d) { return list(d.tensor().mT()); }},
      {"cat", [](Draw& d) { return list(cat(d.tensors(), d.dim())); }},
      {"stack", [](Draw& d) { return list(stack(d.tensors(), d.dim())); }},
      {"hstack", [](Draw& d) { return list(hstack(d.tensors())); }},
      {"vstack", [](Draw& d) { return list(vstack(d.tensors())); }},
      {"dstack", [](Draw& d) { return list(dstack(d.tensors())); }},
      {"column_stack", [](Draw& d) { return list(column_stack(d.tensors())); }},
      {"repeat", [](Draw& d) { return list(repeat(d.tensor(), d.shape())); }},
      {"tile", [](Draw& d) { return list(tile(d.tensor(), d.shape())); }},
      {"repeat_interleave", [](Draw& d) { return list(repeat_interleave(d.tensor(), d.integer(), d.maybe_dim())); }},
      {"repeat_interleave counts", [](Draw& d) {
         const Tensor x = d.tensor(), counts = clamp(d.index(), -5, 1000);  // memory holds what these ask for
         return list(repeat_interleave(x, counts, d.maybe_dim()));
       }},
      {"flip", [](Draw& d) { return list(flip(d.tensor(), d.dims())); }},
      {"roll", [](Draw& d) { return list(roll(d.tensor(), d.dims(), d.dims())); }},
      {"tril", [](Draw& d) { return list(tril(d.tensor(), d.integer())); }},
      {"triu", [](Draw& d) { return list(triu(d.tensor(), d.integer())); }},
      {"diag", [](Draw& d) { return list(diag(d.tensor(), d.integer())); }},
      {"diag_embed", [](Draw& d) { return list(diag_embed(d.tensor(), d.integer(), d.dim(), d.dim())); }},
      {"diagflat", [](Draw& d) { return list(diagflat(d.tensor(), d.integer())); }},
      {"diff", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(diff(a, d.integer(), d.dim(), d.yes() ? Tensor() : d.tensor_like(a), d.yes() ? Tensor() : d.tensor_like(a)));
       }},
      {"meshgrid", [](Draw& d) { return list(meshgrid(d.tensors(), d.yes() ? Indexing::ij : Indexing::xy)); }},
      {"pad", [](Draw& d) { return list(pad(d.tensor(), d.integers(), d.one_of({PadMode::constant, PadMode::reflect, PadMode::replicate, PadMode::circular}), d.number())); }},
      // clang-format on
  };
}

}  // namespace xg_test
