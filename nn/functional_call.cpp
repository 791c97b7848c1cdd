#include <xgrad/autograd/ops.hpp>
#include <xgrad/nn/functional_call.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <cstddef>
#include <string>
#include <unordered_map>
#include <utility>

namespace xg::nn {
namespace {

void check_like(const std::string& path, const Tensor& original, const Tensor& given) {
  if (!given.defined())
    raise<ValueError>("[functional_call] what is given for {} is an undefined tensor: assign a value first.", path);
  if (given.shape() != original.shape())
    raise<ShapeError>("[functional_call] {} has shape {}, what is given for it {}: they must be equal.", path,
                      original.shape().str(), given.shape().str());
  if (given.dtype() != original.dtype())
    raise<DtypeError>("[functional_call] {} is {}, what is given for it {}: convert it, or the module with to().", path,
                      name(original.dtype()), name(given.dtype()));
}

}  // namespace

namespace detail {

Substitutes substitutes_for(const Module& module, const std::vector<Tensor>& parameters) {
  std::vector<std::pair<std::string, Tensor>> own = module.named_parameters();
  const std::size_t count = own.size();
  const std::vector<std::pair<std::string, Tensor>> buffers = module.named_buffers();
  if (parameters.size() != count && parameters.size() != count + buffers.size())
    raise<ValueError>(
        "[functional_call] {} tensors are given for {}, which has {} parameters and {} buffers: pass one for each "
        "parameter, in the order of parameters(), or one for each buffer after them too.",
        parameters.size(), module.label(), count, buffers.size());
  if (parameters.size() > count) own.insert(own.end(), buffers.begin(), buffers.end());
  Substitutes s;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    check_like(own[i].first, own[i].second, parameters[i]);
    s.originals.push_back(own[i].second);
    s.given.push_back(parameters[i]);
  }
  return s;
}

Substitutes substitutes_for(const Module& module, const StateDict& state) {
  // Tied tensors have several names, all of which may be used.
  std::unordered_map<std::string, Tensor> own;
  std::string known;
  for (const auto& [path, child] : const_cast<Module&>(module).named_modules())
    for (const auto* entries : {&child->own_parameters(), &child->own_buffers()})
      for (const Module::Entry& entry : *entries) {
        const std::string name = path.empty() ? entry.name : path + "." + entry.name;
        own.emplace(name, entry.tensor);
        if (own.size() <= 20) known += (known.empty() ? "" : ", ") + name;
      }
  Substitutes s;
  for (const auto& [name, given] : state) {
    const auto found = own.find(name);
    if (found == own.end())
      raise<ValueError>("[functional_call] {} has no parameter or buffer \"{}\". It has: {}{}.", module.label(), name,
                        known, own.size() > 20 ? ", ..." : "");
    check_like(name, found->second, given);
    for (std::size_t i = 0; i < s.originals.size(); ++i)
      if (s.originals[i].is_same(found->second) && !s.given[i].is_same(given))
        raise<ValueError>(
            "[functional_call] \"{}\" is tied to another name for which a different tensor is given: give one of "
            "them.",
            name);
    s.originals.push_back(found->second);
    s.given.push_back(given);
  }
  return s;
}

}  // namespace detail

TensorsFunction function_of_parameters(Module& module, std::function<Tensor()> f) {
  return [&module, f = std::move(f)](const std::vector<Tensor>& parameters) {
    const detail::Substitutes s = detail::substitutes_for(module, parameters);
    const autograd::Substitution substitution(s.originals, s.given);
    return f();
  };
}

Tensor parameters_to_vector(const std::vector<Tensor>& parameters) {
  if (parameters.empty()) throw ValueError("[parameters_to_vector] the list is empty: pass at least one tensor.");
  std::vector<Tensor> flat;
  for (const Tensor& p : parameters) {
    if (p.dtype() != parameters[0].dtype())
      raise<DtypeError>("[parameters_to_vector] tensors are {} and {}: convert them to one dtype.",
                        name(parameters[0].dtype()), name(p.dtype()));
    flat.push_back(p.reshape({p.numel()}));
  }
  return cat(flat, 0);
}

std::vector<Tensor> vector_to_parameters(const Tensor& vector, const std::vector<Tensor>& like) {
  std::int64_t count = 0;
  for (const Tensor& p : like) count += p.numel();
  if (vector.dim() != 1 || vector.numel() != count)
    raise<ShapeError>("[vector_to_parameters] the vector has shape {}, the parameters {} elements: they must agree.",
                      vector.shape().str(), count);
  std::vector<Tensor> views;
  std::int64_t first = 0;
  for (const Tensor& p : like) {
    views.push_back(vector.narrow(0, first, p.numel()).view(p.shape()));
    first += p.numel();
  }
  return views;
}

std::vector<Tensor> vector_to_parameters(const Tensor& vector, const Module& module) {
  return vector_to_parameters(vector, module.parameters());
}

}  // namespace xg::nn
