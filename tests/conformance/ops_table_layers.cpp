// Rows of products, layers and losses.
#include "conformance/ops_table.hpp"

namespace xg_conformance {

using namespace xg;  // NOLINT: every row calls it

namespace {

template <Tensor (*f)(const Tensor&, const Tensor&, const Tensor&, Scalar, Scalar)> Outputs scaled_product(A a) {
  return f(a.tensor("x"), a.tensor("a"), a.tensor("b"), a.scalar("beta", 1), a.scalar("alpha", 1));
}

Outputs contracted(A a) {
  const Tensor &x = a.tensor("a"), &y = a.tensor("b");
  if (!a.list_given("dims")) {
    Dims last, first;
    for (std::int64_t i = 0, n = a.integer("dims"); i < n; ++i) {
      last.push_back(x.dim() - n + i);
      first.push_back(i);
    }
    return tensordot(x, y, last, first);
  }
  const auto lists = a.json("dims").get<std::vector<std::vector<std::int64_t>>>();
  return tensordot(x, y, Dims(lists.at(0)), Dims(lists.at(1)));
}

/// cross without a dimension takes the first of size 3.
std::int64_t first_of_three(const Tensor& x) {
  for (std::int64_t d = 0; d < x.dim(); ++d)
    if (x.size(d) == 3) return d;
  return -1;
}

Outputs batch_normalized(A a) {
  const auto copy = [&](const char* name) { return a.has(name) ? a.tensor(name).detach().clone() : Tensor(); };
  return batch_norm(a.tensor("x"), copy("running_mean"), copy("running_var"), a.optional_tensor("weight"),
                    a.optional_tensor("bias"), a.flag("training"), a.number("momentum", 0.1), a.number("eps", 1e-5));
}

Reduction reduction_of(A a) {
  const std::string text = a.text("reduction", "mean");
  if (text == "mean" || text == "batchmean") return Reduction::mean;
  if (text == "sum") return Reduction::sum;
  if (text == "none") return Reduction::none;
  throw Unknown("reduction " + text);
}

LossOptions loss_options(A a) { return {.reduction = reduction_of(a), .weight = a.optional_tensor("weight")}; }

const OpRow table[] = {
    // ---- products
    {"matmul", "a b", binary<matmul>},
    {"__rmatmul__", "a b", [](A a) -> Outputs { return matmul(a.tensor("b"), a.tensor("a")); }},
    {"mm", "a b", binary<mm>},
    {"mv", "a b", binary<mv>},
    {"bmm", "a b", binary<bmm>},
    {"dot", "a b", binary<dot>},
    {"inner", "a b", binary<inner>},
    {"outer", "a b", binary<outer>},
    {"addmm", "x a b beta alpha", scaled_product<addmm>},
    {"addmv", "x a b beta alpha", scaled_product<addmv>},
    {"addr", "x a b beta alpha", scaled_product<addr>},
    {"addbmm", "x a b beta alpha", scaled_product<addbmm>},
    {"baddbmm", "x a b beta alpha", scaled_product<baddbmm>},
    {"tensordot", "a b dims", contracted},
    {"einsum", "operands equation", [](A a) -> Outputs { return einsum(a.text("equation"), a.tensors("operands")); }},
    {"cross", "a b dim",
     [](A a) -> Outputs {
       return cross(a.tensor("a"), a.tensor("b"), a.integer("dim", first_of_three(a.tensor("a"))));
     }},

    // ---- layers
    {"nn.functional.linear", "x weight bias",
     [](A a) -> Outputs { return linear(a.tensor("x"), a.tensor("weight"), a.optional_tensor("bias")); }},
    {"nn.functional.layer_norm", "x shape weight bias eps",
     [](A a) -> Outputs {
       return layer_norm(a.tensor("x"), a.shape("shape"), a.optional_tensor("weight"), a.optional_tensor("bias"),
                         a.number("eps", 1e-5));
     }},
    {"nn.functional.rms_norm", "x shape weight eps",
     [](A a) -> Outputs {
       return rms_norm(a.tensor("x"), a.shape("shape"), a.optional_tensor("weight"), a.optional_number("eps"));
     }},
    {"nn.functional.batch_norm", "x running_mean running_var weight bias training momentum eps", batch_normalized},
    {"nn.functional.normalize", "x p dim eps",
     [](A a) -> Outputs {
       return normalize(a.tensor("x"), a.number("p", 2), a.integer("dim", 1), a.number("eps", 1e-12));
     }},
    {"nn.functional.cosine_similarity", "a b dim eps",
     [](A a) -> Outputs {
       return cosine_similarity(a.tensor("a"), a.tensor("b"), a.integer("dim", 1), a.number("eps", 1e-8));
     }},
    {"nn.functional.pairwise_distance", "a b p eps keepdim",
     [](A a) -> Outputs {
       return pairwise_distance(a.tensor("a"), a.tensor("b"), a.number("p", 2), a.number("eps", 1e-6),
                                a.flag("keepdim"));
     }},

    // ---- losses
    {"nn.functional.mse_loss", "x target size_average reduce reduction weight",
     [](A a) -> Outputs { return mse_loss(a.tensor("x"), a.tensor("target"), loss_options(a)); }},
    {"nn.functional.l1_loss", "x target size_average reduce reduction weight",
     [](A a) -> Outputs { return l1_loss(a.tensor("x"), a.tensor("target"), loss_options(a)); }},
    {"nn.functional.smooth_l1_loss", "x target size_average reduce reduction beta",
     [](A a) -> Outputs {
       return smooth_l1_loss(a.tensor("x"), a.tensor("target"),
                             {.beta = a.number("beta", 1), .reduction = reduction_of(a)});
     }},
    {"nn.functional.huber_loss", "x target reduction delta weight",
     [](A a) -> Outputs {
       return huber_loss(
           a.tensor("x"), a.tensor("target"),
           {.delta = a.number("delta", 1), .reduction = reduction_of(a), .weight = a.optional_tensor("weight")});
     }},
    {"nn.functional.binary_cross_entropy", "x target weight size_average reduce reduction",
     [](A a) -> Outputs { return binary_cross_entropy(a.tensor("x"), a.tensor("target"), loss_options(a)); }},
    {"nn.functional.binary_cross_entropy_with_logits", "x target weight size_average reduce reduction pos_weight",
     [](A a) -> Outputs {
       return binary_cross_entropy_with_logits(a.tensor("x"), a.tensor("target"),
                                               {.reduction = reduction_of(a),
                                                .weight = a.optional_tensor("weight"),
                                                .pos_weight = a.optional_tensor("pos_weight")});
     }},
    {"nn.functional.cross_entropy", "x target weight size_average ignore_index reduce reduction label_smoothing",
     [](A a) -> Outputs {
       return cross_entropy(a.tensor("x"), a.tensor("target"),
                            {.reduction = reduction_of(a),
                             .weight = a.optional_tensor("weight"),
                             .ignore_index = a.integer("ignore_index", -100),
                             .label_smoothing = a.number("label_smoothing", 0)});
     }},
    {"nn.functional.nll_loss", "x target weight size_average ignore_index reduce reduction",
     [](A a) -> Outputs {
       return nll_loss(a.tensor("x"), a.tensor("target"),
                       {.reduction = reduction_of(a),
                        .weight = a.optional_tensor("weight"),
                        .ignore_index = a.integer("ignore_index", -100)});
     }},
    {"nn.functional.kl_div", "x target size_average reduce reduction log_target",
     [](A a) -> Outputs {
       return kl_div(a.tensor("x"), a.tensor("target"),
                     {.reduction = reduction_of(a),
                      .batchmean = a.text("reduction", "mean") == "batchmean",
                      .log_target = a.flag("log_target")});
     }},
    {"nn.functional.hinge_embedding_loss", "x target margin size_average reduce reduction",
     [](A a) -> Outputs {
       return hinge_embedding_loss(a.tensor("x"), a.tensor("target"),
                                   {.margin = a.number("margin", 1), .reduction = reduction_of(a)});
     }},
    {"nn.functional.margin_ranking_loss", "a b target margin size_average reduce reduction",
     [](A a) -> Outputs {
       return margin_ranking_loss(a.tensor("a"), a.tensor("b"), a.tensor("target"),
                                  {.margin = a.number("margin", 0), .reduction = reduction_of(a)});
     }},
    {"nn.functional.soft_margin_loss", "x target size_average reduce reduction",
     [](A a) -> Outputs {
       return soft_margin_loss(a.tensor("x"), a.tensor("target"), {.reduction = reduction_of(a)});
     }},
    {"nn.functional.gaussian_nll_loss", "x target var full eps reduction",
     [](A a) -> Outputs {
       return gaussian_nll_loss(a.tensor("x"), a.tensor("target"), a.tensor("var"),
                                {.full = a.flag("full"), .eps = a.number("eps", 1e-6), .reduction = reduction_of(a)});
     }},
    {"nn.functional.poisson_nll_loss", "x target log_input full size_average eps reduce reduction",
     [](A a) -> Outputs {
       return poisson_nll_loss(a.tensor("x"), a.tensor("target"),
                               {.log_input = a.flag("log_input", true),
                                .full = a.flag("full"),
                                .eps = a.number("eps", 1e-8),
                                .reduction = reduction_of(a)});
     }},
    {"nn.functional.multi_margin_loss", "x target p margin weight size_average reduce reduction",
     [](A a) -> Outputs {
       return multi_margin_loss(a.tensor("x"), a.tensor("target"),
                                {.p = a.integer("p", 1),
                                 .margin = a.number("margin", 1),
                                 .weight = a.optional_tensor("weight"),
                                 .reduction = reduction_of(a)});
     }},
    {"nn.functional.multilabel_margin_loss", "x target size_average reduce reduction",
     [](A a) -> Outputs { return multilabel_margin_loss(a.tensor("x"), a.tensor("target"), reduction_of(a)); }},
    {"nn.functional.multilabel_soft_margin_loss", "x target weight size_average reduce reduction",
     [](A a) -> Outputs { return multilabel_soft_margin_loss(a.tensor("x"), a.tensor("target"), loss_options(a)); }},
    {"nn.functional.cosine_embedding_loss", "a b target margin size_average reduce reduction",
     [](A a) -> Outputs {
       return cosine_embedding_loss(a.tensor("a"), a.tensor("b"), a.tensor("target"),
                                    {.margin = a.number("margin", 0), .reduction = reduction_of(a)});
     }},
    {"nn.functional.triplet_margin_loss", "anchor positive negative margin p eps swap size_average reduce reduction",
     [](A a) -> Outputs {
       return triplet_margin_loss(a.tensor("anchor"), a.tensor("positive"), a.tensor("negative"),
                                  {.margin = a.number("margin", 1),
                                   .p = a.number("p", 2),
                                   .eps = a.number("eps", 1e-6),
                                   .swap = a.flag("swap"),
                                   .reduction = reduction_of(a)});
     }},
    {"nn.functional.triplet_margin_with_distance_loss",
     "anchor positive negative distance_function margin swap reduction",
     [](A a) -> Outputs {
       if (a.has("distance_function")) throw Unknown("distance_function");
       return triplet_margin_with_distance_loss(
           a.tensor("anchor"), a.tensor("positive"), a.tensor("negative"),
           {.margin = a.number("margin", 1), .swap = a.flag("swap"), .reduction = reduction_of(a)});
     }},
};

}  // namespace

std::span<const OpRow> layers_rows() { return table; }

}  // namespace xg_conformance
