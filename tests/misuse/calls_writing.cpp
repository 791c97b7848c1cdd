// Calls of Tensor's methods that write or read elements.
#include "misuse/calls.hpp"

using namespace xg;

namespace xg_test {

std::vector<Call> writing_calls() {
  return {
      // clang-format off
      {"add_", [](Draw& d) {
         Tensor x = d.target();
         return list(x.add_(d.tensor()));
       }},
      {"sub_", [](Draw& d) {
         Tensor x = d.target();
         return list(x.sub_(d.tensor()));
       }},
      {"mul_", [](Draw& d) {
         Tensor x = d.target();
         return list(x.mul_(d.tensor()));
       }},
      {"div_", [](Draw& d) {
         Tensor x = d.target();
         return list(x.div_(d.tensor()));
       }},
      {"copy_", [](Draw& d) {
         Tensor x = d.target();
         return list(x.copy_(d.tensor()));
       }},
      {"add_ scalar", [](Draw& d) {
         Tensor x = d.target();
         return list(x.add_(d.scalar()));
       }},
      {"sub_ scalar", [](Draw& d) {
         Tensor x = d.target();
         return list(x.sub_(d.scalar()));
       }},
      {"mul_ scalar", [](Draw& d) {
         Tensor x = d.target();
         return list(x.mul_(d.scalar()));
       }},
      {"div_ scalar", [](Draw& d) {
         Tensor x = d.target();
         return list(x.div_(d.scalar()));
       }},
      {"fill_ scalar", [](Draw& d) {
         Tensor x = d.target();
         return list(x.fill_(d.scalar()));
       }},
      {"exp_", [](Draw& d) {
         Tensor x = d.target();
         return list(x.exp_());
       }},
      {"relu_", [](Draw& d) {
         Tensor x = d.target();
         return list(x.relu_());
       }},
      {"sigmoid_", [](Draw& d) {
         Tensor x = d.target();
         return list(x.sigmoid_());
       }},
      {"tanh_", [](Draw& d) {
         Tensor x = d.target();
         return list(x.tanh_());
       }},
      {"neg_", [](Draw& d) {
         Tensor x = d.target();
         return list(x.neg_());
       }},
      {"sqrt_", [](Draw& d) {
         Tensor x = d.target();
         return list(x.sqrt_());
       }},
      {"zero_", [](Draw& d) {
         Tensor x = d.target();
         return list(x.zero_());
       }},
      {"clamp_", [](Draw& d) {
         Tensor x = d.target();
         return list(x.clamp_(d.maybe_scalar(), d.maybe_scalar()));
       }},
      {"masked_fill_", [](Draw& d) {
         Tensor x = d.target();
         return list(x.masked_fill_(d.mask(), d.scalar()));
       }},
      {"index_put_", [](Draw& d) {
         Tensor x = d.target();
         return list(x.index_put_(d.indices(), d.tensor(), d.yes()));
       }},
      {"uniform_", [](Draw& d) {
         Tensor x = d.target();
         return list(x.uniform_(d.number(), d.number()));
       }},
      {"normal_", [](Draw& d) {
         Tensor x = d.target();
         return list(x.normal_(d.number(), d.number()));
       }},
      {"bernoulli_", [](Draw& d) {
         Tensor x = d.target();
         return list(x.bernoulli_(d.number()));
       }},
      {"item", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(scalar_tensor(a.item<double>()), scalar_tensor(static_cast<double>(a.item<std::int64_t>())));
       }},
      // clang-format on
  };
}

}  // namespace xg_test
