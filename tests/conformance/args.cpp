#include "conformance/args.hpp"

#include <xgrad/tensor/creation.hpp>

namespace xg_conformance {

namespace {

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    if (end > at) out.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

/// Keywords that say nothing about values.
bool is_idle(const std::string& keyword) {
  return keyword == "device" || keyword == "requires_grad" || keyword == "layout" || keyword == "memory_format" ||
         keyword == "pin_memory";
}

bool all_integers(const Json& list) {
  return std::all_of(list.begin(), list.end(), [](const Json& v) { return v.is_number_integer(); });
}

xg::Tensor integer_tensor(const Json& list) {
  if (!list.empty() && list.front().is_array()) {
    std::vector<xg::Tensor> rows;
    for (const Json& row : list) rows.push_back(integer_tensor(row));
    return xg::stack(rows);
  }
  return xg::tensor(list.get<std::vector<std::int64_t>>());
}

}  // namespace

Args::Args(std::string_view signature, const Json& test_case, const Tensors& tensors) : all_(&tensors) {
  const std::vector<std::string> names = words(signature);
  static const Json none = Json::object();
  const Json& positional = test_case.at("args");
  const Json& grads = test_case.contains("grads") ? test_case.at("grads") : none;
  const auto star = static_cast<std::size_t>(
      std::find_if(names.begin(), names.end(), [](const std::string& n) { return n.front() == '*'; }) - names.begin());
  for (std::size_t i = 0; i < positional.size(); ++i) {
    const std::string path = "a" + std::to_string(i);
    const std::size_t slot = std::min(i, star);
    if (slot >= names.size()) throw Unknown("more arguments than (" + std::string(signature) + ")");
    make_leaves(positional[i], path, grads);
    if (names[slot].front() != '*') {
      values_[names[slot]] = {positional[i], path};
      continue;
    }
    // All that is left: as a list, also where it came as one.
    const std::string name = names[slot].substr(1);
    if (positional[i].is_array() && i + 1 == positional.size() && i == slot) {
      values_[name] = {positional[i], path};
    } else {
      Value& list = values_[name];
      list.first = slot;
      list.json.push_back(positional[i]);
    }
  }
  for (const auto& [keyword, value] : test_case.at("kwargs").items()) {
    if (is_idle(keyword)) continue;
    if (std::find_if(names.begin(), names.end(),
                     [&k = keyword](const std::string& n) { return n == k || n == "*" + k; }) == names.end())
      throw Unknown("keyword " + keyword);
    make_leaves(value, keyword, grads);
    values_[keyword] = {value, keyword};
  }
}

void Args::make_leaves(const Json& value, const std::string& path, const Json& grads) {
  if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) make_leaves(value[i], path + "." + std::to_string(i), grads);
  } else if (is_tensor(value)) {
    xg::Tensor copy = tensor_of(value, *all_).clone();
    if (grads.contains(path)) copy.requires_grad_();
    leaves_[path] = std::move(copy);
  }
}

const Args::Value* Args::find(const char* name) const {
  const auto found = values_.find(name);
  return found == values_.end() || found->second.json.is_null() ? nullptr : &found->second;
}

const Args::Value& Args::at(const char* name) const {
  const Value* value = find(name);
  if (value == nullptr) throw std::runtime_error(std::string("the case has no argument ") + name);
  return *value;
}

const Json& Args::json(const char* name) const { return at(name).json; }

bool Args::tensor_given(const char* name) const { return has(name) && is_tensor(json(name)); }
bool Args::number_given(const char* name) const { return has(name) && is_number(json(name)); }
bool Args::list_given(const char* name) const { return has(name) && json(name).is_array(); }
bool Args::text_given(const char* name) const { return has(name) && json(name).is_string(); }

xg::Tensor Args::tensor_at(const Json& value, const std::string& path) const {
  if (!is_tensor(value)) throw Unknown("argument " + path + " is not a tensor");
  const auto found = leaves_.find(path);
  return found == leaves_.end() ? tensor_of(value, *all_) : found->second;
}

const xg::Tensor& Args::tensor(const char* name) const {
  const Value& value = at(name);
  if (!is_tensor(value.json)) throw Unknown(std::string("argument ") + name + " is not a tensor");
  return leaves_.at(value.path);
}

xg::Tensor Args::optional_tensor(const char* name) const { return has(name) ? tensor(name) : xg::Tensor(); }

xg::Tensor Args::operand(const char* name) const {
  return number_given(name) ? xg::full({}, scalar(name)) : tensor(name);
}

std::vector<xg::Tensor> Args::tensors(const char* name) const {
  const Value& value = at(name);
  if (is_tensor(value.json)) return {tensor_at(value.json, value.path)};
  std::vector<xg::Tensor> out;
  for (std::size_t i = 0; i < value.json.size(); ++i) {
    // Arguments that were gathered under one name have paths of their own.
    const std::string path =
        value.path.empty() ? "a" + std::to_string(value.first + i) : value.path + "." + std::to_string(i);
    out.push_back(tensor_at(value.json[i], path));
  }
  return out;
}

std::int64_t Args::integer(const char* name) const {
  const Json& value = json(name);
  return is_tensor(value) ? tensor(name).item<std::int64_t>() : scalar_of(value).to_int64();
}
std::optional<std::int64_t> Args::optional_integer(const char* name) const {
  return has(name) ? std::optional<std::int64_t>(integer(name)) : std::nullopt;
}
double Args::number(const char* name) const { return tensor_given(name) ? tensor(name).item() : number_of(json(name)); }
std::optional<double> Args::optional_number(const char* name) const {
  return has(name) ? std::optional<double>(number(name)) : std::nullopt;
}
xg::Scalar Args::scalar(const char* name) const {
  return tensor_given(name) ? tensor(name).item_scalar() : scalar_of(json(name));
}
bool Args::flag(const char* name, bool fallback) const { return has(name) ? json(name).get<bool>() : fallback; }
std::string Args::text(const char* name, const std::string& fallback) const {
  return has(name) ? json(name).get<std::string>() : fallback;
}

std::vector<std::int64_t> Args::integers(const char* name) const {
  if (!has(name)) return {};
  const Json& value = json(name);
  if (!value.is_array()) return {integer(name)};
  if (value.size() == 1 && value.front().is_array()) return value.front().get<std::vector<std::int64_t>>();
  return value.get<std::vector<std::int64_t>>();
}

xg::Dims Args::dims(const char* name) const { return xg::Dims(integers(name)); }

std::optional<xg::Dtype> Args::dtype(const char* name) const {
  if (!has(name)) return std::nullopt;
  return xg::dtype_from_name(json(name).at("dtype").get<std::string>());
}

std::vector<xg::Index> Args::index(const char* name) const {
  const Value& value = at(name);
  std::vector<xg::Index> out;
  const auto one = [&](const Json& v, const std::string& path) {
    if (v.is_null()) return out.emplace_back(xg::newaxis), void();
    if (is_tensor(v)) return out.emplace_back(tensor_at(v, path)), void();
    if (v.is_number_integer()) return out.emplace_back(v.get<std::int64_t>()), void();
    if (v.is_array()) return out.emplace_back(integer_tensor(v)), void();
    if (v.is_object() && v.contains("ellipsis")) return out.emplace_back(xg::ellipsis), void();
    if (!v.is_object() || !v.contains("slice")) throw Unknown("an index that is no number, list, slice or tensor");
    const Json& parts = v.at("slice");
    xg::Slice slice;
    if (!parts[0].is_null()) slice.start = parts[0].get<std::int64_t>();
    if (!parts[1].is_null()) slice.stop = parts[1].get<std::int64_t>();
    if (!parts[2].is_null()) slice.step = parts[2].get<std::int64_t>();
    out.emplace_back(slice);
  };
  // As in Python, a list of numbers is one index (rows to pick), any other list one index per dimension.
  if (!value.json.is_array() || all_integers(value.json))
    one(value.json, value.path);
  else
    for (std::size_t i = 0; i < value.json.size(); ++i) one(value.json[i], value.path + "." + std::to_string(i));
  return out;
}

}  // namespace xg_conformance
