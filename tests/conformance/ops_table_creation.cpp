// Rows of ops that create tensors.
#include "conformance/ops_table.hpp"

#include <xgrad/tensor/creation.hpp>

namespace xg_conformance {

using namespace xg;  // NOLINT: every row calls it

namespace {

TensorOptions options(A a) { return {.dtype = a.dtype()}; }

TensorOptions options_like(A a, const Tensor& x) { return {.dtype = a.dtype().value_or(x.dtype())}; }

const OpRow table[] = {
    {"zeros", "*size dtype", [](A a) -> Outputs { return zeros(a.shape("size"), options(a)); }},
    {"ones", "*size dtype", [](A a) -> Outputs { return ones(a.shape("size"), options(a)); }},
    {"zeros_like", "x dtype", [](A a) -> Outputs { return zeros_like(a.tensor("x"), options(a)); }},
    {"ones_like", "x dtype", [](A a) -> Outputs { return ones_like(a.tensor("x"), options(a)); }},
    {"full_like", "x value dtype",
     [](A a) -> Outputs { return full_like(a.tensor("x"), a.scalar("value"), options(a)); }},
    {"new_zeros", "x size dtype",
     [](A a) -> Outputs { return zeros(a.shape("size"), options_like(a, a.tensor("x"))); }},
    {"new_ones", "x size dtype", [](A a) -> Outputs { return ones(a.shape("size"), options_like(a, a.tensor("x"))); }},
    {"new_full", "x size value dtype",
     [](A a) -> Outputs { return full(a.shape("size"), a.scalar("value"), options_like(a, a.tensor("x"))); }},
    {"arange", "start end step dtype",
     [](A a) -> Outputs {
       if (!a.has("end")) return arange(a.scalar("start"), options(a));
       return arange(a.scalar("start"), a.scalar("end"), a.scalar("step", 1), options(a));
     }},
    {"linspace", "start end steps dtype",
     [](A a) -> Outputs { return linspace(a.scalar("start"), a.scalar("end"), a.integer("steps"), options(a)); }},
    {"linspace.tensor_overload", "start end steps dtype",
     [](A a) -> Outputs { return linspace(a.scalar("start"), a.scalar("end"), a.integer("steps"), options(a)); }},
    {"logspace", "start end steps base dtype",
     [](A a) -> Outputs {
       return logspace(a.scalar("start"), a.scalar("end"), a.integer("steps"), a.number("base", 10), options(a));
     }},
    {"logspace.tensor_overload", "start end steps base dtype",
     [](A a) -> Outputs {
       return logspace(a.scalar("start"), a.scalar("end"), a.integer("steps"), a.number("base", 10), options(a));
     }},
    {"eye", "n m dtype", [](A a) -> Outputs { return eye(a.integer("n"), a.integer("m", -1), options(a)); }},
};

}  // namespace

std::span<const OpRow> creation_rows() { return table; }

}  // namespace xg_conformance
