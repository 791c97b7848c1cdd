// Aggregates of options from JSON objects, field by field.
#pragma once

#include "conformance/case.hpp"

#include <functional>
#include <utility>

namespace xg_conformance {

/// One option: its name in the JSON, and how it is set.
template <class Options> struct Field {
  const char* name;
  std::function<void(Options&, const Json&)> set;
};

template <class Options, class Value> Field<Options> field(const char* name, Value Options::*member) {
  return {name, [member](Options& o, const Json& v) { o.*member = v.get<Value>(); }};
}

/// Options from {"name": value}. Throws Unknown for a name that is not among the fields.
template <class Options> Options options_of(const Json& given, const std::vector<Field<Options>>& fields) {
  Options options;
  for (const auto& [name, value] : given.items()) {
    const auto found = std::find_if(fields.begin(), fields.end(), [&n = name](const auto& f) { return n == f.name; });
    if (found == fields.end()) throw Unknown("option " + name);
    found->set(options, value);
  }
  return options;
}

}  // namespace xg_conformance
