// Tensors in files: npy, npz, safetensors, CSV. Other programs read them; a broken file is an error that says where.
#include <xgrad/xgrad.hpp>

#include <filesystem>
#include <fstream>
#include <iostream>

using namespace xg;

int main(int argc, char** argv) {
  const std::filesystem::path out = argc > 1 ? argv[1] : "out/files";
  std::filesystem::create_directories(out);
  manual_seed(0);
  Tensor a = randn({3, 2}), b = arange(4);
  bool same = true;
  auto check = [&](const char* format, const Tensor& got, const Tensor& want) {
    const bool equal = got.dtype() == want.dtype() && allclose(got, want, 0, 0);
    std::cout << format << " " << got.shape() << (equal ? " came back the same\n" : " CHANGED\n");
    same = same && equal;
  };

  // NumPy: one array, or several by name. np.load reads both.
  save_npy(out / "a.npy", a);
  check("npy", load_npy(out / "a.npy"), a);
  save_npz(out / "both.npz", {{"a", a}, {"b", b}});
  check("npz", load_npz(out / "both.npz").at("b"), b);

  // safetensors: what PyTorch, JAX and others exchange; with text beside the tensors.
  save_safetensors(out / "both.safetensors", {{"a", a}, {"b", b}}, {{"made_by", "xgrad"}});
  Safetensors file = load_safetensors(out / "both.safetensors");
  check("safetensors", file.tensors.at("a"), a);
  std::cout << "made by " << file.metadata.at("made_by") << "\n";

  // Numbers as text, with as many digits as bring back the same value.
  save_csv(out / "a.csv", a, {"left", "right"});
  NumericTable table = load_csv(out / "a.csv");
  check("csv", table.values, a);
  std::cout << "columns " << table.columns[0] << ", " << table.columns[1] << "\n";

  // Readers trust nothing.
  std::ofstream(out / "broken.csv") << "left,right\n1,2\n3,four\n";
  try {
    load_csv(out / "broken.csv");
  } catch (const IoError& error) {
    std::cout << error.what() << "\n";
    return same ? 0 : 1;
  }
  return 1;
}
