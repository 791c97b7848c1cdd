// Headers, library and exceptions of an installed xgrad, seen from another project.
#include <xgrad/xgrad.hpp>

#include <iostream>
#include <string>

using namespace xg;

struct Twice : nn::Module {
  nn::Linear& fc;
  explicit Twice(int64_t n) : nn::Module("Twice"), fc(add<nn::Linear>("fc", n, n)) {}
  Tensor forward(const Tensor& x) override { return relu(fc(fc(x))); }
};

int main() {
  // The package, the headers and the library that was loaded are of one version.
  const std::string headers = std::to_string(XGRAD_VERSION / 10000) + "." + std::to_string(XGRAD_VERSION / 100 % 100) +
                              "." + std::to_string(XGRAD_VERSION % 100);
  if (headers != PACKAGE_VERSION || headers != version()) {
    std::cerr << "headers " << headers << ", package " << PACKAGE_VERSION << ", library " << version() << "\n";
    return 1;
  }
  Twice net(3);
  net(ones({2, 3})).sum().backward();
  if (!net.fc.weight().grad().defined()) return 1;
  try {
    net(ones({2, 4}));
  } catch (const ShapeError& error) {  // an exception's type must be the same on both sides of the library
    std::cout << error.what() << "\n";
    return 0;
  }
  return 1;
}
