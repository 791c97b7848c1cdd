#include <xgrad/nn/callbacks/model_checkpoint.hpp>
#include <xgrad/nn/detail/never_a_number.hpp>

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <utility>

namespace xg::nn {

ModelCheckpoint::ModelCheckpoint(std::filesystem::path path, ModelCheckpointOptions options)
    : path_(std::move(path)),
      options_(std::move(options)),
      best_("ModelCheckpoint", options_.monitor, options_.mode, 0) {}

void ModelCheckpoint::on_epoch_end(FitState& state) {
  if (options_.save_best_only && !best_.improved(state)) return;
  std::string text = path_.string();
  const auto put = [&](const std::string& key, const std::string& value) {
    const std::string field = "{" + key + "}";
    for (std::size_t offset = 0; (offset = text.find(field, offset)) != std::string::npos; offset += value.size())
      text.replace(offset, field.size(), value);
  };
  put("epoch", std::to_string(state.epoch + 1));
  for (const auto& [key, value] : state.logs) put(key, fmt::format("{:.4f}", value));
  state.model.save(text);
}

void ModelCheckpoint::on_train_end(FitState& state) {
  if (options_.save_best_only && !best_.found() && state.history.epochs() > 0)
    state.note(fmt::format("ModelCheckpoint: {}, so nothing was saved", detail::never_a_number(options_.monitor)));
}

}  // namespace xg::nn
